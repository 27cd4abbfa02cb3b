"""Pages as pictures, and ranges of the text as rectangles on them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pipelines.loading.document import Document, Page, Rect
from pipelines.loading.kinds import safe_name
from pipelines.loading.pdfium_rectangles import text_digest
from pipelines.loading.process import PdfWorker


def rectangles(
    path: str | Path,
    document: Document,
    start: int,
    end: int,
    password: str | None = None,
    *,
    worker: PdfWorker | None = None,
) -> list[Rect]:
    """Where ``document.text[start:end]`` stands: a rectangle a line, in reading order.

    See :func:`rectangles_of`.
    """
    return rectangles_of(path, document, [(start, end)], password, worker=worker)[0]


def rectangles_of(
    path: str | Path,
    document: Document,
    ranges: Sequence[tuple[int, int]],
    password: str | None = None,
    *,
    worker: PdfWorker | None = None,
) -> list[list[Rect]]:
    """Rectangles of many ranges, each page opened once.

    Args:
        path: The file the document was loaded from.
        document: What :func:`pipelines.loading.load` gave for it.
        ranges: (start, end) offsets into ``document.text``; they may overlap.
        password: The file's, if it needs one.
        worker: A parsing process to use; without one, a process is started and ended.

    Returns:
        A list for each range. Empty where there is nothing to show: white space, Markdown and text files,
        and pages whose text did not come from pdfium (OCR, the second parser, a file changed since).

    Raises:
        DamagedFile, EncryptedFile, ParsingTimeout: as :func:`pipelines.loading.load`.
    """
    found: list[list[Rect]] = [[] for _ in ranges]
    wanted = _by_page(document, ranges) if document.kind == "pdf" else {}
    if not wanted:
        return found

    def on_part(header: dict[str, Any], body: bytes) -> None:
        for (index, _, _), boxes in zip(wanted[header["page"]], header["boxes"], strict=True):
            found[index] += (Rect(header["page"], *map(float, box)) for box in boxes)

    pages = [
        {
            "number": number,
            "digest": text_digest(document.text[page.start : page.end]),
            "ranges": [(start - page.start, end - page.start) for _, start, end in wanted[number]],
        }
        for number, page in ((page.number, page) for page in document.pages)
        if number in wanted
    ]
    request = {"path": str(path), "name": document.name, "password": password, "pages": pages}
    with nullcontext(worker) if worker else PdfWorker() as used:
        used.call("rectangles", request, on_part)
    return found


def page_picture(
    path: str | Path,
    page: int,
    *,
    width_px: int,
    password: str | None = None,
    name: str | None = None,
    worker: PdfWorker | None = None,
) -> bytes:
    """A page of a PDF as PNG.

    Args:
        path: The PDF.
        page: Physical page, from 1.
        width_px: Width of the picture, in pixels; a very large or very long page is drawn smaller.
        password: The file's, if it needs one.
        name: What messages call the file.
        worker: A parsing process to use: it keeps the file open from page to page.

    Raises:
        UsageError: no such page. FileTooLarge: an image on the page is too large to unpack.
        DamagedFile, EncryptedFile, ParsingTimeout: as :func:`pipelines.loading.load`.
    """
    pictures: list[bytes] = []
    request = {
        "path": str(path),
        "name": name or safe_name(str(path)),
        "password": password,
        "page": page,
        "width_px": width_px,
    }
    with nullcontext(worker) if worker else PdfWorker() as used:
        used.call("picture", request, lambda header, body: pictures.append(body))
    return pictures[0]


def line_ranges(document: Document, page: Page) -> Iterator[tuple[int, int]]:
    """The lines of a page as ranges of the document's text, for overlays; blank ones are left out."""
    at = page.start
    for line in document.text[page.start : page.end].splitlines(keepends=True):
        if line.strip():
            yield _trimmed(document.text, at, at + len(line))
        at += len(line)


def _by_page(document: Document, ranges: Iterable[tuple[int, int]]) -> dict[int, list[tuple[int, int, int]]]:
    """Page number -> (index of the range, start, end) of every piece of a range on it, without blank edges."""
    pages, wanted = document.pages, dict[int, list[tuple[int, int, int]]]()
    starts = [page.start for page in pages]
    for index, (start, end) in enumerate(ranges):
        for at in range(max(0, bisect_right(starts, start) - 1), len(pages)):
            page = pages[at]
            if page.start >= end:
                break
            piece = _trimmed(document.text, max(start, page.start), min(end, page.end))
            if piece[0] < piece[1]:
                wanted.setdefault(page.number, []).append((index, *piece))
    return wanted


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A range without the white space at its edges."""
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
