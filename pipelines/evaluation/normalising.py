"""What counts as the same text: marks, line breaks and spellings of one character that are no reading error.

Each switch is one pure step; a step says what it would replace, so that every character of the result knows where it
came from in the text as it was read.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pipelines.registry import PartParams, knob

#: (start, end, replacement) of a text; in order, without overlap.
Edit = tuple[int, int, str]


class Normalising(PartParams):
    """Which differences do not count; applied in the order of the fields to the truth and to what was read."""

    markdown: bool = knob(True, "Drop Markdown and HTML marks: headings, bullets, emphasis, fences, table pipes, tags.")
    hyphens: bool = knob(True, "Join words that a hyphen breaks at the end of a line.")
    unicode: bool = knob(
        True,
        "One spelling a character: ligatures, full widths (NFKC), quotes, dashes; soft hyphens dropped.",
        source="Unicode Standard Annex 15",
    )
    case: bool = knob(False, "Capitals are small letters.")
    punctuation: bool = knob(False, "Punctuation is a space, except between digits; apostrophes in words are dropped.")
    whitespace: bool = knob(True, "Any run of spaces and line breaks is one space.")


#: What the numbers of a report mean unless said otherwise.
USUAL = Normalising()

#: Nothing but the words: for finding the same word in two readings.
BARE = Normalising(case=True, punctuation=True)

#: Every character counts.
EXACT = Normalising(markdown=False, hyphens=False, unicode=False, whitespace=False)


@dataclass(frozen=True)
class Normalised:
    """A text after the steps; character i came from ``original[starts[i]:ends[i]]``."""

    text: str
    starts: list[int]
    ends: list[int]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original that ``text[start:end]`` (not empty) came from."""
        return self.starts[start], self.ends[end - 1]


def normalise(text: str, how: Normalising = USUAL) -> str:
    """The text with the steps that are switched on."""
    for step in _steps(how):
        text = "".join(piece for piece, _, _ in _pieces(text, step(text)))
    return text


def normalise_mapped(text: str, how: Normalising = USUAL) -> Normalised:
    """The same, with the way back to the text as it was."""
    done = Normalised(text, list(range(len(text))), list(range(1, len(text) + 1)))
    for step in _steps(how):
        edits = list(step(done.text))
        done = _apply(done, edits) if edits else done
    return done


def _steps(how: Normalising) -> Iterator[Callable[[str], Iterable[Edit]]]:
    """The steps that are on, in the order of the model's fields."""
    for name in Normalising.model_fields:
        if getattr(how, name):
            yield from _STEPS[name]


def _pieces(text: str, edits: Iterable[Edit]) -> Iterator[tuple[str, int, int]]:
    """The text after edits as (piece, start, end) of the text before."""
    done = 0
    for start, end, new in edits:
        yield text[done:start], done, start
        yield new, start, end
        done = end
    yield text[done:], done, len(text)


def _apply(old: Normalised, edits: Iterable[Edit]) -> Normalised:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for piece, start, end in _pieces(old.text, edits):
        pieces.append(piece)
        if len(piece) == end - start:
            starts += old.starts[start:end]
            ends += old.ends[start:end]
        elif piece:  # all of the new came from all of the old
            first, last = (old.starts[start], old.ends[end - 1]) if end > start else (0, 0)
            starts += [first] * len(piece)
            ends += [last] * len(piece)
    return Normalised("".join(pieces), starts, ends)


# steps -------------------------------------------------------------------------------------------------


def _all(pattern: str, new: str = "", flags: int = 0) -> Callable[[str], Iterable[Edit]]:
    """Replace every match; a part in a group named ``keep`` stays."""
    compiled = re.compile(pattern, flags | re.MULTILINE)
    keeps = "keep" in compiled.groupindex

    def edits(text: str) -> Iterator[Edit]:
        for found in compiled.finditer(text):
            start, end = found.span()
            if not keeps:
                yield start, end, new
                continue
            kept_from, kept_to = found.span("keep")
            yield start, kept_from, new
            yield kept_to, end, new

    return edits


def _within(line: str, mark: str, new: str) -> Callable[[str], Iterable[Edit]]:
    """Replace a mark wherever it stands in lines of one form."""
    lines, marks = re.compile(line, re.MULTILINE), re.compile(mark)

    def edits(text: str) -> Iterator[Edit]:
        for row in lines.finditer(text):
            for found in marks.finditer(text, *row.span()):
                yield *found.span(), new

    return edits


_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&nbsp;": " "}


def _entities(text: str) -> Iterator[Edit]:
    for found in re.finditer("|".join(_ENTITIES), text):
        yield *found.span(), _ENTITIES[found.group()]


def _emphasis(mark: str) -> Callable[[str], Iterable[Edit]]:
    """One to three marks around words of one line: ``**bold**``, not ``5 * 3``, not a footnote's ``word*``."""
    inner = rf"(?P<keep>[^\s{mark}](?:[^\n]*?[^\s{mark}])?)"
    return _all(rf"(?<![\w\\{mark}])(?P<mark>{mark}{{1,3}}){inner}(?P=mark)(?![\w{mark}])")


_MARKDOWN = (
    _all(r"^[ \t]*(?:`{3,}|~{3,})[^\n`]*$"),  # fences
    _all(r"<\|[^<>|\n]*\|>|</?[a-zA-Z][a-zA-Z0-9_]*(?:\s[^<>\n]*)?/?>", " "),  # tags, also of document models
    _all(r"^[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)+\|?[ \t]*$"),  # rules of tables
    _within(r"^[ \t]*\|.*\|[ \t]*$", r"(?<!\\)\|", " "),  # rows of tables
    _all(r"^[ \t]*(?:-[ \t]*){3,}$|^[ \t]*(?:\*[ \t]*){3,}$|^[ \t]*(?:_[ \t]*){3,}$"),  # rules between paragraphs
    _all(r"^(?:[ \t]*>)+[ \t]?"),  # quotations
    _all(r"^[ \t]*#{1,6}[ \t]+"),  # headings
    _all(r"^[ \t]*[-*+•][ \t]+"),  # bullets
    _all(r"!?\[(?P<keep>[^\[\]\n]*)\]\([^()\s]*(?:[ \t]+\"[^\"\n]*\")?\)"),  # links, pictures
    _all(r"(?<!`)(?P<mark>`{1,2})(?P<keep>[^`\n]+)(?P=mark)(?!`)"),  # code
    _emphasis(r"\*"),
    _emphasis("_"),
    _all(r"\\(?P<keep>[\\`*_{}\[\]()#+.!|<>~-])"),  # escapes
    _entities,
)

#: A word broken at the end of a line: the hyphen goes where small letters stand on both sides, as in the text of
#: PDFs ("exam-ple"), and stays elsewhere ("Jean-Paul", "2019-2020"); the line break goes in any case.
_BROKEN = re.compile(r"(?<=[^\W_])(?P<hyphen>[-\u2010\u00ad])[ \t]*\r?\n[ \t]*(?=[^\W_])")


def _hyphens(text: str) -> Iterator[Edit]:
    for found in _BROKEN.finditer(text):
        start, end = found.span()
        broken = found["hyphen"] == "\u00ad" or (text[start - 1].islower() and text[end].islower())
        yield start, end, "" if broken else "-"


_SAME = {
    **dict.fromkeys("‘’‚‛′´`ʼ", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
    "\u2044": "/",
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", ""),
}
_SAME_CLASS = re.compile(f"[{re.escape(''.join(_SAME))}]")

#: NFKC of a run of other letters does not reach over its ends: no ASCII character joins the one before it.
_OTHER = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")


def _same(text: str) -> Iterator[Edit]:
    for found in _SAME_CLASS.finditer(text):
        yield *found.span(), _SAME[found.group()]


def _nfkc(text: str) -> Iterator[Edit]:
    for found in _OTHER.finditer(text):
        if not unicodedata.is_normalized("NFKC", found.group()):
            yield *found.span(), unicodedata.normalize("NFKC", found.group())


def _case(text: str) -> Iterator[Edit]:
    folded = text.casefold()
    if len(folded) == len(text):
        yield 0, len(text), folded
    else:  # "ß" is two letters
        for at, letter in enumerate(text):
            if (new := letter.casefold()) != letter:
                yield at, at + 1, new


_MARK = re.compile(r"[^\w\s]|_")


def _punctuation(text: str) -> Iterator[Edit]:
    """Unicode's punctuation; symbols such as "+" and "€" stay."""
    for found in _MARK.finditer(text):
        at, mark = found.start(), found.group()
        before, after = text[at - 1 : at], text[at + 1 : at + 2]
        if not unicodedata.category(mark).startswith("P") or (before.isdigit() and after.isdigit()):
            continue
        yield at, at + 1, "" if mark in "'’" and before.isalpha() and after.isalpha() else " "


_STEPS: dict[str, tuple[Callable[[str], Iterable[Edit]], ...]] = {
    "markdown": _MARKDOWN,
    "hyphens": (_hyphens,),
    "unicode": (_same, _nfkc, _same),  # NFKC makes some of the marks it then finds
    "case": (_case,),
    "punctuation": (_punctuation,),
    "whitespace": (_all(r"\A\s+|\s+\Z"), _all(r"\s+", " ")),
}
