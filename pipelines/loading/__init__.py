"""Files to documents: text, pages, headings, health; and back from a range of text to its place on the page.

::

    kinds.py     what a file is, its safe name, its sha256
    plain.py     Markdown and text
    pdf.py       PDFs: pdfium's text, pypdf's outline, second opinions       pages.py  read in processes
    health.py    pages without text, garbled pages
    headings.py  outline titles found in the text, refined by heading_styles.py: those told by their letters
    places.py    rectangles of ranges, pictures of pages

    process.py   PdfWorker: the parsing process, its limits, its end       wire.py  what the two say
    worker.py    the process itself, and in it only:
      pdfium.py  pdfium_styles.py  pdfium_rectangles.py  pdfium_picture.py  second.py (pypdf)
      normal.py  pdfium's text made plain, with a map back       geometry.py  boxes to lines
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.loading.document import Document

if TYPE_CHECKING:
    from threading import Event as CancelFlag

    from pipelines.loading.pages import OnPages
    from pipelines.settings import Settings

__all__ = ["Document", "load"]


def load(
    path: str | Path,
    *,
    name: str | None = None,
    password: str | None = None,
    settings: Settings,
    on_progress: OnPages | None = None,
    cancel: CancelFlag | None = None,
) -> Document:
    """Read a file.

    Args:
        path: A PDF, Markdown or text file.
        name: What a person calls it, where ``path`` is only where it was put; folders are dropped.
        password: For an encrypted PDF.
        settings: Limits on size, pages, time and memory.
        on_progress: Called with pages done and their total.
        cancel: When set, reading stops.

    Returns:
        The document; a PDF without any text has ``health.needs_ocr``.

    Raises:
        DocumentError: one of its kinds, naming the file and the way out. Cancelled: ``cancel`` was set.
    """
    from pipelines.loading.kinds import digest, kind_of, safe_name

    path = Path(path)
    shown = safe_name(name or path.name)
    id = digest(path, shown, settings.max_file_mb)
    kind = kind_of(path, shown)
    if kind == "pdf":
        from pipelines.loading.pdf import load_pdf

        return load_pdf(
            path,
            name=shown,
            id=id,
            password=password,
            settings=settings,
            on_progress=on_progress,
            cancel=cancel,
        )
    from pipelines.loading.plain import load_plain

    document = load_plain(path, shown, id, kind)
    if on_progress is not None:
        on_progress(1, 1)
    return document
