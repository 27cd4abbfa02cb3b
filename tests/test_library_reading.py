"""Scans in the library: read by OCR, they answer questions, and their words are marked on the page."""

import sqlite3
from dataclasses import replace
from threading import Event

import pytest

from pipelines.catalog import MIGRATIONS, Catalog
from pipelines.errors import Cancelled, PlaygroundError, UsageError
from pipelines.library import Library
from pipelines.reading import filling
from pipelines.recipe import Recipe
from pipelines.settings import Settings
from sample_docs import folder

SCAN = folder() / "scanned-letter.pdf"
WITH_OCR = Recipe().with_("reader", "tesseract")


@pytest.fixture
def library(tmp_path):
    settings = Settings(data_dir=tmp_path, models_dir=tmp_path / "models", offline=True, ollama_host="127.0.0.1:9")
    with Library.open(settings=settings) as library:
        yield library


def test_a_scan_is_read_answers_and_is_marked_on_its_page(library):
    added = library.add(SCAN)
    assert added.status == "needs_ocr"
    steps = []
    done = library.read(SCAN.name, WITH_OCR, on_progress=steps.append)
    assert done.words > 150
    assert (done.pages_without_text, done.reader) == (0, "tesseract")
    assert "1 page read by tesseract." in done.reason
    assert any(step.stage == "reading" for step in steps)
    assert [one.document for one in library.documents()] == [SCAN.name]
    (hit, *_) = library.search("Who is asked to cast a new clapper for the buoy?").hits
    assert hit.document == SCAN.name
    at = library.document(SCAN.name).text.index("clapper")
    (box,) = library.rectangles(SCAN.name, at, at + len("clapper"))
    assert (box.page, 0 < box.x0 < box.x1 < 1, 0 < box.y0 < box.y1 < 1) == (1, True, True)
    assert library.add(SCAN).status == "unchanged"


def test_a_recipe_with_a_reader_reads_scans_when_they_are_added(library):
    assert library.add(SCAN, WITH_OCR).status == "indexed"
    other = WITH_OCR.with_("reader", "tesseract", page_mode=_other_mode())
    before = library.document(SCAN.name).id
    library.read(SCAN.name, other)
    assert library.document(SCAN.name).id != before
    assert len(library.documents()) == 1


def _other_mode():
    from pipelines import registry

    schema = registry.get("reader", "tesseract").params.model_json_schema()["properties"]["page_mode"]
    return next(mode for mode in schema["enum"] if mode != schema["default"])


def test_nothing_is_read_twice(library, monkeypatch):
    library.add(SCAN, WITH_OCR)
    library.remove(SCAN.name)

    def never(*args, **more):
        raise AssertionError("read again")

    monkeypatch.setattr(filling, "read_to_end", never)
    assert library.add(SCAN, WITH_OCR).words > 150


def test_a_document_whose_pages_have_text_has_nothing_to_read(library):
    library.add(folder() / "two-column-paper.pdf")
    with pytest.raises(UsageError, match="nothing to read"):
        library.read("two-column-paper.pdf", WITH_OCR)


def test_a_reader_that_fails_or_is_stopped_changes_nothing(library, monkeypatch):
    library.add(SCAN)
    before = library.documents()
    real = filling.read_to_end

    def broken(*args, **more):
        return replace(real(*args, **more), state="failed", error=PlaygroundError("The reader broke."))

    monkeypatch.setattr(filling, "read_to_end", broken)
    with pytest.raises(PlaygroundError, match="The reader broke"):
        library.read(SCAN.name, WITH_OCR)
    monkeypatch.setattr(filling, "read_to_end", real)
    stop = Event()
    stop.set()
    with pytest.raises(Cancelled):
        library.read(SCAN.name, WITH_OCR, cancel=stop)
    assert library.documents() == before


def test_a_library_of_an_older_app_opens(tmp_path):
    db = sqlite3.connect(tmp_path / "library.db")
    db.executescript(f"BEGIN; {MIGRATIONS[0]} PRAGMA user_version = 1; COMMIT;")
    health = '{"pages": 1, "words": 2, "pages_without_text": 0, "garbled_pages": 0, "encrypted": false, "notes": []}'
    db.execute("INSERT INTO document VALUES ('abc', 'old.pdf', 'pdf', ?, '', 1)", (health,))
    db.commit()
    db.close()
    catalog = Catalog(tmp_path / "library.db")
    (entry,) = catalog.entries()
    assert (entry.name, entry.bytes_id, entry.reader) == ("old.pdf", "abc", "")
    catalog.close()
