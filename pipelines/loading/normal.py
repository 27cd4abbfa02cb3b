"""The text pdfium gives, made plain, with an exact way back to pdfium's own places.

pdfium counts UTF-16 units, ends lines with CR LF and writes a mark where a hyphen broke a word at the end of
a line. One pattern finds everything that changes; :func:`plain` and :class:`TextMap` share it, so the map
cannot drift from the text.
"""

from __future__ import annotations

import re
from bisect import bisect_right

_CHANGES = re.compile(  # one class in front, not alternatives: a search skips what stays four times as fast
    "["
    "\r"  # line ends
    "\ufffe\uffff\x02"  # where a hyphen stood at the end of a line
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters
    "\ud800-\udfff"  # half a surrogate pair
    "\U00010000-\U0010ffff"  # kept; two UTF-16 units
    "](?:(?<=\r)\n)?"
)
_HYPHEN_MARKS = "\ufffe\x02"


def _replacement(match: re.Match[str]) -> str:
    found = match.group()
    if found[0] == "\r":
        return "\n"
    if found in _HYPHEN_MARKS:
        start, end = match.span()
        return _hyphen(match.string[max(0, start - 1) : start], match.string[end : end + 1])
    return found if found > "\uffff" else ""


def _hyphen(before: str, after: str) -> str:
    """What a hyphen at a line's end becomes: words broken by the typesetter are joined, "Jean-Paul" is not."""
    if not before.isalnum() or (before.islower() and after.islower()):
        return ""
    return "-"


def plain(raw: str) -> str:
    """pdfium's text with LF line ends, broken words joined, and no control characters or lone surrogates."""
    text = raw.replace("\r\n", "\n")
    if text.replace("\n", "").isprintable():  # most pages: nothing else to change
        return text
    return _CHANGES.sub(_replacement, raw)


class TextMap:
    """:func:`plain` text that knows, for each character, where pdfium has it (in UTF-16 units)."""

    def __init__(self, raw: str) -> None:
        pieces: list[str] = []
        #: Places after each change, in the plain text and in units. From one of them up to the first
        #: character of the next change, both run in step.
        self._plain, self._units = [0], [0]
        done = length = units = 0
        for match in _CHANGES.finditer(raw):
            found, same = match.group(), match.start() - done
            new = "\n" if found == "\r\n" else _replacement(match)
            pieces += raw[done : match.start()], new
            length += same + len(new)
            units += same + (2 if found > "\uffff" else len(found))
            done = match.end()
            self._plain.append(length)
            self._units.append(units)
        self.text = "".join(pieces) + raw[done:]

    def unit(self, offset: int) -> int:
        """Index of the character at ``offset`` of the plain text, in UTF-16 units of the raw text."""
        at = bisect_right(self._plain, offset) - 1
        return self._units[at] + offset - self._plain[at]
