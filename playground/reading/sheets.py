"""The pictures that pages of the lab look at: drawn once, degraded once, and kept for a while."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from threading import Event as CancelFlag
from threading import Lock
from time import time
from uuid import uuid4

from pipelines.errors import UsageError
from pipelines.library import Library
from pipelines.reading.base import Sheet
from pipelines.reading.degrade import degraded
from pipelines.reading.pictures import DPI, open_picture, sheet_of
from playground.reading.state import Reading

#: Seconds an upload is kept: a page that still shows it then says that it is gone.
_KEPT_S = 7 * 24 * 3600

#: Sheets kept; a page at 200 dpi is about 0.5 MB as PNG.
_MOST = 40


class Sheets:
    """Safe from any thread.

    Args:
        library: Whose documents are drawn.
        folder: Where uploads are kept, for a week.
    """

    def __init__(self, library: Library, folder: Path) -> None:
        self._library, self._folder = library, folder
        self._kept: OrderedDict[str, Sheet] = OrderedDict()
        self._lock = Lock()

    def upload(self, path: Path, name: str) -> str:
        """Keep a file a person gave; returns its id. Raises UsageError: it cannot be kept."""
        id = uuid4().hex
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._tidy()
            (self._folder / id).write_bytes(path.read_bytes())
        except OSError as error:
            raise UsageError(f"{name} cannot be kept: {error.strerror}.") from error
        return id

    def _tidy(self) -> None:
        """Remove what was uploaded long ago."""
        for path in self._folder.iterdir():
            with suppress(OSError):  # in use, or another process was quicker
                if path.is_file() and time() - path.stat().st_mtime > _KEPT_S:
                    path.unlink()

    def sheet(self, lab: Reading, cancel: CancelFlag | None = None) -> Sheet:
        """What readers get: the page of the lab, degraded as it says.

        Raises:
            UsageError: no page is chosen, or it is gone. DocumentError, Cancelled.
        """
        page, how = lab.page, lab.degrade
        document = self._library.document(page.document).id if page.document else page.upload
        if not document:
            raise UsageError("There is no page to read.", "Choose a document, or add a picture.")
        clean = f"{document}:{page.number}"
        full = f"{clean}:{how.model_dump_json()}"
        known = self._get(full)
        if known is not None:
            return known
        sheet = self._get(clean) or self._keep(clean, self._draw(lab, cancel))
        made = degraded(sheet, how, self._library.reading, cancel=cancel)
        return self._keep(full, made)

    def _draw(self, lab: Reading, cancel: CancelFlag | None) -> Sheet:
        page, means = lab.page, self._library.reading
        if page.document:
            return self._library.sheet(page.document, page.number, cancel=cancel)
        path = self._folder / page.upload
        if not page.upload.isalnum() or not path.is_file():
            raise UsageError(f"{page.name or 'The picture'} is not here any more.", "Add it again.")
        with path.open("rb") as file:
            is_pdf = file.read(5) == b"%PDF-"
        if is_pdf:
            return sheet_of(path, page.number, DPI, None, means, name=page.name, cancel=cancel)
        return open_picture(path, page.name, means, page=page.number, cancel=cancel)

    def _get(self, key: str) -> Sheet | None:
        with self._lock:
            return self._kept.get(key)

    def _keep(self, key: str, sheet: Sheet) -> Sheet:
        with self._lock:
            self._kept[key] = sheet
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST:
                self._kept.popitem(last=False)
        return sheet
