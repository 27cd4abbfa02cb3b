"""pypdf, inside a parsing process: what pdfium does not tell, and a second opinion on files it cannot read.

pypdf is slow and patient: it never touches every page of a file that pdfium reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import DamagedFile
from pipelines.loading import normal
from pipelines.loading.pdfium import REPAIR, Send, Shelf, check_pages, wrong_password

if TYPE_CHECKING:
    from pypdf import PdfReader

_MOST_HEADINGS = 5_000
_DEEPEST = 32
_LONGEST = 500  # characters of a title, a label or a metadata value


def send_about(_: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``about``: frames ``{metadata}``, ``{labels}``, ``{outline}``, each as soon as it is known.

    ``outline`` is a list of ``[title, level from 1, page from 1]``. What cannot be read is a frame
    ``{failed: its name, reason}``: the others still come.
    """
    reader = _opened(request)
    check_pages(request["name"], len(reader.pages), request["max_pages"])
    for name, read in (("metadata", _metadata), ("labels", _labels), ("outline", _outline)):
        try:
            answer: dict[str, Any] = {name: read(reader)}
        except Exception as error:  # pypdf on a broken file may raise anything; the text is not its business
            answer = {"failed": name, "reason": f"{type(error).__name__}: {error}"[:_LONGEST]}
        send(answer)


def send_text(_: Shelf, request: Mapping[str, Any], send: Send) -> None:
    """Operation ``second text``: pypdf's reading, in the frames of :func:`pipelines.loading.pdfium.send_text`.

    ``request["first"]`` limits it to the first pages.
    """
    reader = _opened(request)
    total = len(reader.pages)
    check_pages(request["name"], total, request["max_pages"])
    send({"pages": total, "encrypted": reader.is_encrypted})
    for index in range(min(total, request.get("first") or total)):
        header: dict[str, Any] = {"number": index + 1, "width": 0, "height": 0, "unmapped": 0}
        text = ""
        try:
            page = reader.pages[index]
            width, height = float(page.cropbox.width), float(page.cropbox.height)
            turned = int(page.rotation or 0) % 180 == 90
            header["width"], header["height"] = (height, width) if turned else (width, height)
            text = normal.plain(page.extract_text())
        except Exception:  # one broken page of a file that is broken anyway
            header["broken"] = True
        send(header, text.encode())


def _opened(request: Mapping[str, Any]) -> PdfReader:
    import pypdf
    from pypdf.errors import FileNotDecryptedError, PyPdfError

    name, password = request["name"], request.get("password") or None
    try:
        reader = pypdf.PdfReader(Path(request["path"]))
        if reader.is_encrypted and password and not reader.decrypt(password):
            raise wrong_password(name, password)
        if not len(reader.pages):
            raise DamagedFile(f"{name} has no pages.", REPAIR)
    except FileNotDecryptedError as error:
        raise wrong_password(name, password) from error
    except (PyPdfError, OSError) as error:
        raise DamagedFile(f"{name} is damaged: no PDF parser can open it ({error}).", REPAIR) from error
    return reader


def _metadata(reader: PdfReader) -> dict[str, str]:
    found = {str(key).lstrip("/").lower(): str(value) for key, value in (reader.metadata or {}).items()}
    return {key: normal.plain(value)[:_LONGEST] for key, value in found.items() if value.strip()}


def _labels(reader: PdfReader) -> list[str]:
    return [normal.plain(label)[:_LONGEST] for label in reader.page_labels]


def _outline(reader: PdfReader) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for title, level, item in _items(reader.outline, 1):
        page = reader.get_destination_page_number(item)
        if page is not None and page >= 0 and title:
            found.append((title, level, page + 1))
        if len(found) >= _MOST_HEADINGS:
            break
    return found


def _items(nested: list[Any], level: int) -> Iterator[tuple[str, int, Any]]:
    for item in nested:
        if isinstance(item, list):
            if level < _DEEPEST:
                yield from _items(item, level + 1)
        else:
            yield " ".join(normal.plain(str(item.title)).split())[:_LONGEST], level, item
