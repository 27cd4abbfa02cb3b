"""Tokens as people see them: running text tinted by how sure the model was, and pieces with their white space shown.

Token texts are hostile: they may be half a character, white space, markup, or run from right to left.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.engines.base import TokenEvent
from playground.views.html import el, join

#: White space that would not be seen.
_SEEN = {" ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽", "\u200b": "∅"}

#: Kinds of characters that leave no ink, or turn text around.
_UNSEEN = ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "Zs")

#: Characters that turn the text after them around.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True)
class Shade:
    """How one token of a text is drawn."""

    strength: float  # of its tint, 0 to 1
    title: str
    classes: str = ""


def piece(token: str, raw: tuple[int, ...] = ()) -> Markup:
    """A token by itself: white space shown, half characters as bytes, text of any direction kept apart."""
    if _partial(token, raw):
        return el("bdi", raw_bytes(raw), class_="piece bytes", title="Part of a character, as bytes.")
    shown = [el("i", sign, class_="unseen") if (sign := _sign(char)) else char for char in token]
    return el("bdi", shown or el("i", "empty", class_="unseen"), class_="piece")


def _partial(token: str, raw: tuple[int, ...]) -> bool:
    """Whether only its bytes tell what a token is."""
    return bool(raw) and ("\ufffd" in token or not token)


def _sign(char: str) -> str:
    """What stands for a character that would not be seen; "" where it is."""
    if char in _SEEN:
        return _SEEN[char]
    unseen = unicodedata.category(char) in _UNSEEN or "\ufe00" <= char <= "\ufe0f"  # those choose another's look
    return f"U+{ord(char):04X}" if unseen else ""


def raw_bytes(raw: tuple[int, ...]) -> str:
    """``E2 96``."""
    return " ".join(f"{byte:02X}" for byte in raw)


def plain(token: str, raw: tuple[int, ...] = ()) -> str:
    """A token for a title or a chart's label: as :func:`piece`, without markup."""
    if _partial(token, raw):
        return raw_bytes(raw)
    return "".join(_sign(char) or char for char in token) or "empty"


def flow(
    tokens: Sequence[TokenEvent],
    shades: Sequence[Shade],
    letter: str,
    *,
    picked: int = -1,
    marked: Collection[int] = (),
    act: str = "token",
) -> Markup:
    """An answer as running text, every token a thing to click; arrow keys go from one to the next.

    Args:
        tokens: Of the answer.
        shades: One a token.
        letter: The column's.
        picked: The token looked at.
        marked: Tokens where this answer parts from another.
        act: What a click reports.
    """
    first = picked if 0 <= picked < len(tokens) else 0
    spans = []
    for at, (token, shade) in enumerate(zip(tokens, shades, strict=True)):
        classes = ["tok", shade.classes, "picked" if at == picked else "", "parts" if at in marked else ""]
        spans.append(
            el(
                "span",
                _in_flow(token),
                class_=" ".join(filter(None, classes)),
                style=f"--t:{shade.strength:.2f}",
                title=shade.title,
                data_act=act,
                data_arg=f"{letter}:{at}",
                tabindex=0 if at == first else -1,
                role="button",
                aria_pressed="true" if at == picked else None,
            )
        )
    return el("p", spans, class_="tokens", dir="auto")


def _in_flow(token: TokenEvent) -> Markup | str:
    """The text itself; what has none of its own is shown by its bytes, and a line break by its sign too.

    Joiners and the like stay as they are inside a token that can be seen: emoji and some scripts are made with them.
    """
    if not token.text:
        return el("i", "‸" if _whole(token.bytes) else raw_bytes(token.bytes), class_="unseen")
    blank = all(map(_sign, token.text))
    if token.text.isprintable() and not blank:
        return token.text
    return join(*[_char_in_flow(char, blank) for char in token.text])


def _char_in_flow(char: str, blank: bool) -> Markup | str:
    if char == "\n":
        return join(el("i", "↵", class_="unseen"), char)
    shown = char == " " or (not blank and char not in _TURNING and (char == "\t" or unicodedata.category(char) != "Cc"))
    return char if shown else el("i", _sign(char), class_="unseen")


def _whole(raw: tuple[int, ...]) -> bool:
    """Whether bytes are whole characters: then the server sent their text together with the token before."""
    try:
        bytes(raw).decode()
    except ValueError:
        return False
    return True
