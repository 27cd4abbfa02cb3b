"""pdfium, inside the parsing process: opening a file and reading its text.

One page's text is one call into C; the places of characters are asked for only where a highlight needs them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile, EncryptedFile, FileTooLarge
from pipelines.loading import normal

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfTextPage

Send = Callable[..., None]

ASK = "Give the password with --password or in the sidebar."
REPAIR = "Open it in a PDF viewer, print it to a new PDF, and add that one."
_SAMPLES = 16  # characters of a page asked whether their font knows them


class Shelf:
    """Keeps the PDF used last open, so that page after page of it costs no new parsing."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._pdf: PdfDocument | None = None

    def open(self, request: Mapping[str, Any]) -> PdfDocument:
        """The file a request names, as it is now.

        Raises:
            DamagedFile, EncryptedFile.
        """
        path, password = Path(request["path"]), request.get("password") or None
        try:
            stat = path.stat()
        except OSError as error:
            raise DamagedFile(f"{request['name']} is gone: {error.strerror}.", "Add the file again.") from error
        key = (os.fspath(path), stat.st_mtime_ns, stat.st_size, password)
        if self._pdf is None or self._key != key:
            if self._pdf is not None:
                self._pdf.close()
            self._pdf = None
            self._pdf, self._key = _opened(path.read_bytes(), request["name"], password), key
        return self._pdf


def _opened(data: bytes, name: str, password: str | None) -> PdfDocument:
    import pypdfium2
    import pypdfium2.raw as raw

    try:
        return pypdfium2.PdfDocument(data, password=password)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise wrong_password(name, password) from error
        if error.err_code == raw.FPDF_ERR_SECURITY:
            raise EncryptedFile(
                f"{name} is encrypted in a way that no password opens (a certificate, or a reader's own method).",
                "Save an unprotected copy in the program it was made for.",
                password_given=bool(password),
            ) from error
        raise DamagedFile(f"{name} is damaged: no PDF parser can open it.", REPAIR) from error


def wrong_password(name: str, password: str | None) -> EncryptedFile:
    """The error of a file whose password is missing or wrong."""
    if password:
        message = f"The password given does not open {name}."
        return EncryptedFile(message, "Check the password: capitals count.", password_given=True)
    return EncryptedFile(f"{name} is encrypted and needs a password.", ASK)


def check_pages(name: str, pages: int, most: int) -> None:
    """Refuse a file with too many pages, before any of them is read.

    Raises:
        FileTooLarge.
    """
    if pages > most:
        raise FileTooLarge(
            f"{name} has {pages:,} pages; the limit is {most:,}.",
            "Split the file, or raise PLAYGROUND_MAX_PAGES.",
        )


def send_count(shelf: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``count``: one frame ``{pages}``."""
    send({"pages": len(shelf.open(request))})


def send_text(shelf: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``text``: a frame ``{pages, encrypted}``, then one a page with its text as UTF-8.

    ``request["readers"]`` processes may share a file: number ``request["reader"]`` takes every so many pages.
    A page frame has ``number``, ``width`` and ``height`` (points, as shown), ``unmapped`` (share of
    characters whose font does not say which letter they are), ``blocks`` (how its lines are drawn, as of
    :func:`pipelines.loading.pdfium_styles.blocks`), ``broken`` where the page cannot be read.
    """
    import pypdfium2
    import pypdfium2.raw as raw

    from pipelines.loading.pdfium_styles import blocks

    pdf = shelf.open(request)
    pages = len(pdf)
    check_pages(request["name"], pages, request["max_pages"])
    send({"pages": pages, "encrypted": raw.FPDF_GetSecurityHandlerRevision(pdf) != -1})
    for index in range(request.get("reader", 0), pages, request.get("readers", 1)):
        header: dict[str, Any] = {"number": index + 1, "width": 0, "height": 0, "unmapped": 0}
        text = ""
        try:
            page = pdf[index]
            header["width"], header["height"] = page.get_size()
            textpage = page.get_textpage()
            found = normal.TextMap(raw_text(textpage))
            text = found.text
            header["unmapped"], header["blocks"] = _unmapped(textpage), blocks(textpage, found)
            textpage.close()
            page.close()
        except pypdfium2.PdfiumError:
            header["broken"] = True
        send(header, text.encode())


def raw_text(textpage: PdfTextPage) -> str:
    """A page's text as pdfium has it; half surrogate pairs are kept, so that its units can be counted."""
    return str(textpage.get_text_range(errors="surrogatepass"))


def _unmapped(textpage: PdfTextPage) -> float:
    """Share of characters without a Unicode value, 0 to 1, from a sample over the page."""
    import pypdfium2.raw as raw

    characters = textpage.count_chars()
    sample = range(0, characters, max(1, characters // _SAMPLES))
    unmapped = sum(1 for i in sample if raw.FPDFText_HasUnicodeMapError(textpage, i) == 1)
    return unmapped / max(1, len(sample))
