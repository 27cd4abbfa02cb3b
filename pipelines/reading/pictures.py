"""Pictures as sheets: of a picture file, or of a page of a PDF."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile, FileTooLarge
from pipelines.loading.kinds import safe_name
from pipelines.reading.base import Means, Sheet

if TYPE_CHECKING:
    from pipelines.loading.process import Flag
    from pipelines.loading.wire import Frame

#: Pixels an inch at which a page of a PDF is drawn unless someone says otherwise.
DPI = 200

#: Where the process opens, and makes smaller, what it is sent.
_OPEN = "pipelines.reading.picture_files:send_opened"
_FIT = "pipelines.reading.picture_files:send_fitted"


def open_picture(
    source: str | Path | bytes, name: str | None, means: Means, *, page: int = 1, cancel: Flag | None = None
) -> Sheet:
    """A picture file as a sheet: upright, grey or RGB, on white, at most 30 megapixels; notes say what was done.

    Args:
        source: The file, or its bytes.
        name: What messages call it; None: the file's own name.
        means: Whose process opens it.
        page: Of a file with several pictures, which one, from 1.
        cancel: When set, the process is ended.

    Raises:
        UnsupportedFile: not a picture. DamagedFile: cut off, or without pixels. FileTooLarge: too many bytes or
        pixels. UsageError: no such page. ParsingTimeout, Cancelled.
    """
    named = name or ("picture" if isinstance(source, bytes) else safe_name(str(source)))
    most = means.settings.max_file_mb
    data = source if isinstance(source, bytes) else _bytes_of(Path(source), named, most)
    if len(data) > most * 1e6:
        raise _too_large(named, len(data), most)
    return _sheet(Sheet(b"", 0, 0, named), means.worker.ask(_OPEN, {"name": named, "page": page}, data, cancel=cancel))


def sheet_of(
    path: str | Path,
    page: int,
    dpi: float,
    password: str | None,
    means: Means,
    *,
    name: str | None = None,
    cancel: Flag | None = None,
) -> Sheet:
    """A page of a PDF as a sheet.

    Args:
        path: The PDF.
        page: Physical page, from 1.
        dpi: Pixels an inch, :data:`DPI` as a rule; a very large page is drawn smaller, and noted.
        password: The file's, if it needs one.
        means: Whose process draws it.
        name: What messages call the file; None: its own name.
        cancel: When set, the process is ended.

    Raises:
        UsageError: no such page. FileTooLarge: an image on the page is too large to unpack.
        DamagedFile, EncryptedFile, ParsingTimeout, Cancelled.
    """
    named = name or safe_name(str(path))
    request = {"path": os.fspath(path), "name": named, "password": password, "page": page, "dpi": dpi}
    frames: list[Frame] = []
    means.worker.pdf.call("picture", request, lambda header, png: frames.append((header, png)), cancel=cancel)
    sheet = _sheet(Sheet(b"", 0, 0, named, Path(path), page, password), frames[0])
    if sheet.dpi and sheet.dpi < 0.98 * dpi:
        note = f"The page is so large that it was drawn at {sheet.dpi:.0f} dpi instead of {dpi:.0f}."
        return replace(sheet, notes=(note,))
    return sheet


def pages_in(path: str | Path, password: str | None, means: Means, *, cancel: Flag | None = None) -> int:
    """How many pages a PDF has.

    Raises:
        DamagedFile, EncryptedFile, ParsingTimeout, Cancelled.
    """
    request = {"path": os.fspath(path), "name": safe_name(str(path)), "password": password}
    frames: list[Frame] = []
    means.worker.pdf.call("count", request, lambda header, body: frames.append((header, body)), cancel=cancel)
    return int(frames[0][0]["pages"])


def fitted(
    sheet: Sheet, long_side: int, means: Means, *, seconds: float | None = None, cancel: Flag | None = None
) -> Sheet:
    """A sheet whose longer side is at most so many pixels; one that fits is given back untouched.

    Raises:
        DamagedFile, ParsingTimeout, Cancelled.
    """
    if max(sheet.width, sheet.height) <= long_side:
        return sheet
    request = {"name": sheet.name, "long_side": long_side, "dpi": sheet.dpi}
    return _sheet(sheet, means.worker.ask(_FIT, request, sheet.png, seconds=seconds, cancel=cancel))


def _sheet(sheet: Sheet, frame: Frame) -> Sheet:
    """A sheet with the picture that a process sent."""
    header, png = frame
    notes: Any = header.get("notes", ())
    return replace(
        sheet,
        png=png,
        width=header["width"],
        height=header["height"],
        dpi=header["dpi"],
        notes=(*sheet.notes, *notes),
    )


def _bytes_of(path: Path, name: str, most_mb: float) -> bytes:
    try:
        size = path.stat().st_size
        if size > most_mb * 1e6:
            raise _too_large(name, size, most_mb)
        return path.read_bytes()
    except OSError as error:
        raise DamagedFile(f"{name} cannot be read: {error.strerror}.", "Check the path.") from error


def _too_large(name: str, size: int, most_mb: float) -> FileTooLarge:
    return FileTooLarge(
        f"{name} has {size / 1e6:,.0f} MB; the limit is {most_mb:,.0f} MB.",
        "Save it smaller, or raise PLAYGROUND_MAX_FILE_MB.",
    )
