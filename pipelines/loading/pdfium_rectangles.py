"""pdfium, inside the parsing process: where ranges of the text stand on their pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ctypes import c_double
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile, UsageError
from pipelines.loading.geometry import Box, fractions, lines, on_page
from pipelines.loading.normal import TextMap
from pipelines.loading.pdfium import REPAIR, Send, Shelf, raw_text

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage, PdfTextPage

_WORD = re.compile(r"\S+")


def text_digest(text: str) -> str:
    """A short name of a page's text, to see on both sides that it is the same."""
    return blake2b(text.encode(), digest_size=16).hexdigest()


def send_rectangles(shelf: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``rectangles``: for each page asked for, a frame ``{page, boxes}``.

    ``request["pages"]`` lists ``{number, digest, ranges}``: ranges are offsets into the page's text, and a
    page whose text is not the one of the digest (another reader made it) is passed over. ``boxes`` has a list
    of ``[x0, y0, x1, y1]`` a range, in fractions of the page as shown.
    """
    pdf = shelf.open(request)
    for wanted in request["pages"]:
        send({"page": wanted["number"], "boxes": _of_page(pdf, wanted)})


def send_words(shelf: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``words``: one frame ``{words}`` whose body is the text of page ``request["page"]`` as UTF-8.

    ``words`` has ``[start, end, box]`` a word: offsets into the text, and its box in fractions of the page as shown.
    A word broken at the end of a line has the box of its first part; one that is nowhere on the page is left out.

    Raises:
        UsageError: no such page. DamagedFile.
    """
    import pypdfium2

    pdf, name, number = shelf.open(request), request["name"], request["page"]
    if not 1 <= number <= len(pdf):
        raise UsageError(f"{name} has no page {number}.", f"Its pages: 1 to {len(pdf)}.")
    try:
        page = pdf[number - 1]
        textpage = page.get_textpage()
    except pypdfium2.PdfiumError as error:
        raise DamagedFile(f"Page {number} of {name} cannot be read ({error}).", REPAIR) from error
    try:
        text = TextMap(raw_text(textpage))
        send({"words": list(_words(page, textpage, text))}, text.text.encode())
    finally:
        textpage.close()
        page.close()


def _words(page: PdfPage, textpage: PdfTextPage, text: TextMap) -> Iterator[tuple[int, int, Box]]:
    visible, rotation = page.get_bbox(), page.get_rotation()
    width, height = page.get_size()
    if not (width > 0 and height > 0):
        return
    for word in _WORD.finditer(text.text):
        placed = _lines(textpage, _characters(textpage, text, *word.span()), visible, rotation)
        box = fractions(placed[0], width, height) if placed else None
        if box:
            yield *word.span(), box


def _of_page(pdf: PdfDocument, wanted: Mapping[str, Any]) -> list[list[Box]]:
    nothing: list[list[Box]] = [[] for _ in wanted["ranges"]]
    if not 1 <= wanted["number"] <= len(pdf):
        return nothing
    page = pdf[wanted["number"] - 1]
    textpage = page.get_textpage()
    try:
        text = TextMap(raw_text(textpage))
        visible, rotation = page.get_bbox(), page.get_rotation()
        width, height = page.get_size()
        if text_digest(text.text) != wanted["digest"] or not (width > 0 and height > 0):
            return nothing
        found = []
        for start, end in wanted["ranges"]:
            placed = _lines(textpage, _characters(textpage, text, start, end), visible, rotation)
            cut = (fractions(box, width, height) for box in placed)
            found.append([box for box in cut if box])
        return found
    finally:
        textpage.close()
        page.close()


def _characters(textpage: PdfTextPage, text: TextMap, start: int, end: int) -> tuple[int, int]:
    """First and last character of a range in pdfium's list: it has some that are not in the text."""
    import pypdfium2.raw as raw

    first = raw.FPDFText_GetCharIndexFromTextIndex(textpage, text.unit(start))
    last = raw.FPDFText_GetCharIndexFromTextIndex(textpage, text.unit(end - 1))
    return int(first), int(last)


def _lines(textpage: PdfTextPage, characters: tuple[int, int], visible: Box, rotation: int) -> list[Box]:
    """The lines of a range, on the page as shown.

    Where letters have no outline (the invisible text over a scan), their font's height stands in.
    """
    first, last = characters
    if first < 0 or last < first:
        return []
    inked = lines(on_page(box, visible, rotation) for box in _runs(textpage, first, last))
    return inked or lines(on_page(box, visible, rotation) for box in _cells(textpage, first, last))


def _runs(textpage: PdfTextPage, first: int, last: int) -> Iterator[Box]:
    """A box around the ink of each run of characters drawn together, in the PDF's own space."""
    import pypdfium2.raw as raw

    left, bottom, right, top = c_double(), c_double(), c_double(), c_double()
    for index in range(raw.FPDFText_CountRects(textpage, first, last - first + 1)):
        if raw.FPDFText_GetRect(textpage, index, left, top, right, bottom):
            yield left.value, bottom.value, right.value, top.value


def _cells(textpage: PdfTextPage, first: int, last: int) -> Iterator[Box]:
    """A box for each character, as high as its font."""
    import pypdfium2.raw as raw

    box = raw.FS_RECTF()
    for index in range(first, last + 1):
        if raw.FPDFText_GetLooseCharBox(textpage, index, box):
            yield box.left, box.bottom, box.right, box.top
