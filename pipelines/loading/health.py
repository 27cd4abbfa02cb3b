"""How far a document's text can be trusted. Pure."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from pipelines.loading.document import Health, Page

#: What no font that knows its letters gives: private use, replacement, control characters, "(cid:12)", "/g7".
_ODD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd\U000f0000-\U0010ffff]")
_CODES = re.compile(r"\(cid:\d+\)|/g\d+")
_MOST_ODD = 0.15
_MOST_UNMAPPED = 0.4
_VOWELS = b"AEIOUYaeiouy"
_NOT_LETTERS = bytes(set(range(256)) - set(string.ascii_letters.encode()))
#: English has 40 % vowels, Polish and Czech over 35; an alphabet shifted by the font has 15 to 25.
_FEWEST_VOWELS = 0.2
_ENOUGH_LETTERS = 200


def garbled(text: str, unmapped: float = 0.0) -> bool:
    """Whether a page's characters are not the letters a person sees.

    Args:
        text: The page's text.
        unmapped: Share of its characters whose font does not say which letter they are, 0 to 1.
    """
    if unmapped > _MOST_UNMAPPED:
        return True
    odd = sum(map(len, _CODES.findall(text))) + (0 if _printable(text) else len(_ODD.findall(text)))
    return (odd > 0 and odd > _MOST_ODD * len("".join(text.split()))) or _implausible(text)


def _printable(text: str) -> bool:
    """Nothing but ASCII to print: no need to look closer."""
    return text.isascii() and text.replace("\n", "").replace("\t", "").isprintable()


def _implausible(text: str) -> bool:
    """Mostly Latin letters, but too few vowels for a language: letters stand for other letters."""
    letters = text.encode("ascii", "ignore").translate(None, _NOT_LETTERS)
    if len(letters) < _ENOUGH_LETTERS or len(letters) < 0.5 * len("".join(text.split())):
        return False
    consonants = letters.translate(None, _VOWELS)
    return len(letters) - len(consonants) < _FEWEST_VOWELS * len(letters)


def pdf_health(text: str, pages: Sequence[Page], *, encrypted: bool, notes: Sequence[str] = ()) -> Health:
    """The health of a PDF's text; ``notes`` of the parser come after its own."""
    words = [len(text[page.start : page.end].split()) for page in pages]
    empty = words.count(0)
    odd = sum(page.garbled for page in pages)
    said: list[str] = []
    if empty == len(pages):
        said.append("There is no text on any page: it looks like a scan. It needs OCR.")
    elif empty:
        said.append(f"{_pages(empty)} of {len(pages)} without text: pictures, scans or blank. OCR may help.")
    if odd:
        said.append(f"{_pages(odd)} garbled: the file's fonts do not say which letters they draw. OCR may help.")
    if encrypted:
        said.append("The file is encrypted; its text is kept here unencrypted.")
    return Health(
        pages=len(pages),
        words=sum(words),
        pages_without_text=empty,
        garbled_pages=odd,
        encrypted=encrypted,
        notes=(*said, *notes),
    )


def _pages(count: int) -> str:
    return f"{count:,} page" if count == 1 else f"{count:,} pages"
