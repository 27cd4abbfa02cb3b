"""Whole PDFs through the real parsing processes: good ones, odd ones, hostile ones."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import psutil
import pytest

from pipelines.errors import Cancelled, DamagedFile, DocumentError, EncryptedFile, FileTooLarge, ParsingTimeout
from pipelines.loading import load, pages, pdf
from pipelines.loading.document import PAGE_BREAK, Document
from pipelines.loading.process import PdfWorker
from pipelines.settings import Settings
from tests import bad_files
from tests.bad_files import SENTENCE

posix = pytest.mark.skipif(os.name != "posix", reason="stops processes with POSIX signals")


def read(folder: Path, data: bytes, name: str = "file.pdf", **limits) -> Document:
    password = limits.pop("password", None)
    path = folder / "upload.bin"
    path.write_bytes(data)
    return load(path, name=name, password=password, settings=Settings(**limits))


def children() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if p.cmdline()[-1:] and p.cmdline()[-1].endswith("worker")]


# good files --------------------------------------------------------------------------------------------


def manual() -> bytes:
    """Three pages with an outline, labels i, ii, 1 and a title."""
    import pypdf

    writer = pypdf.PdfWriter(clone_from=io.BytesIO(bad_files.pages(3)))
    writer.set_page_label(0, 1, style="/r")
    writer.set_page_label(2, 2, style="/D")
    chapter = writer.add_outline_item(title="page 2.", page_number=1)
    writer.add_outline_item(title="Not on the page", page_number=2, parent=chapter)
    writer.add_metadata({"/Title": "The manual"})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_two_readers_give_what_one_gives(tmp_path, monkeypatch) -> None:
    data = bad_files.pages(41)
    alone = read(tmp_path, data)
    monkeypatch.setattr(pdf, "_SHARED_BYTES", 0)
    seen: list[tuple[int, int]] = []
    path = tmp_path / "upload.bin"
    shared = load(path, name="file.pdf", settings=Settings(), on_progress=lambda *at: seen.append(at))
    assert shared == alone
    assert seen == [(n, 41) for n in range(1, 42)]
    with pytest.raises(EncryptedFile):
        read(tmp_path, bad_files.encrypted("secret"))


def test_a_good_file(tmp_path) -> None:
    seen: list[tuple[int, int]] = []
    path = tmp_path / "manual.pdf"
    path.write_bytes(manual())
    document = load(path, settings=Settings(), on_progress=lambda *at: seen.append(at))
    texts = [document.text[p.start : p.end] for p in document.pages]
    assert texts == [f"Page {n}. {SENTENCE}" for n in (1, 2, 3)]
    assert document.text == PAGE_BREAK.join(texts)
    assert [p.label for p in document.pages] == ["i", "ii", "1"]
    assert [(p.number, p.width, p.height) for p in document.pages] == [(n, 400, 300) for n in (1, 2, 3)]
    assert [(h.title, h.level, h.page, h.start) for h in document.headings] == [
        ("page 2.", 1, 2, document.pages[1].start),
        ("Not on the page", 2, 3, document.pages[2].start),
    ]
    assert document.metadata["title"] == "The manual"
    assert document.health.notes == ()
    assert (document.health.words, document.name, document.kind) == (45, "manual.pdf", "pdf")
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert not children()


def test_text_beyond_the_basic_plane_and_ligatures(tmp_path) -> None:
    page = bad_files.to_unicode(
        b"BT /F 12 Tf 20 200 Td (x\001y \002ne \003 bro-) Tj 0 -14 Td (ken) Tj ET",
        {1: "😀", 2: "fi", 3: "𝑥"},
    )
    assert read(tmp_path, page).text == "x😀y fine 𝑥 broken"


@pytest.mark.parametrize("algorithm", ["RC4-128", "AES-128", "AES-256"])
def test_encrypted_with_an_owners_password_opens(tmp_path, algorithm: str) -> None:
    document = read(tmp_path, bad_files.encrypted("", algorithm=algorithm))
    assert document.health.encrypted
    assert document.text.startswith("Page 1.")


def test_encrypted_with_a_users_password(tmp_path) -> None:
    locked = bad_files.encrypted("sécret")
    with pytest.raises(EncryptedFile, match=r"file\.pdf .*needs a password.*--password") as missing:
        read(tmp_path, locked)
    with pytest.raises(EncryptedFile, match=r"password given does not open file\.pdf") as wrong:
        read(tmp_path, locked, password="guess")
    assert (missing.value.password_given, wrong.value.password_given) == (False, True)
    assert read(tmp_path, locked, password="sécret").text.startswith("Page 1.")
    assert read(tmp_path, bad_files.pages(1), password="needless").text.startswith("Page 1.")


# odd files ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", bad_files.REFUSED)
def test_refused_with_the_files_name_and_a_way_out(tmp_path, name: str) -> None:
    with pytest.raises(DocumentError) as refused:
        read(tmp_path, bad_files.REFUSED[name](), name)
    assert name in refused.value.message
    assert refused.value.fix
    assert "Error:" not in str(refused.value)


def test_a_scan_needs_ocr(tmp_path) -> None:
    document = read(tmp_path, bad_files.image_only())
    assert document.health.needs_ocr
    assert "OCR" in document.health.notes[0]


@pytest.mark.parametrize("build", [bad_files.no_unicode_map, bad_files.glyph_names_only])
def test_fonts_without_unicode_are_noticed(tmp_path, build) -> None:
    document = read(tmp_path, build())
    assert document.health.garbled_pages == 1
    assert document.pages[0].garbled


def test_an_endless_outline_costs_only_the_outline(tmp_path) -> None:
    assert read(tmp_path, bad_files.outline_loop()).text == SENTENCE


def test_names_stay_as_they_are(tmp_path) -> None:
    assert read(tmp_path, bad_files.pages(1), "../<b>🐙</b>/<script>.pdf").name == "<script>.pdf"


def test_pypdf_reads_what_pdfium_cannot(tmp_path) -> None:
    whole = bad_files.pages(2).replace(b"%PDF-1.7", b"%PDF\xff1.7")  # pdfium insists on the first line
    document = read(tmp_path, b"%" * 2000 + whole.replace(b"%PDF\xff1.7", b"%PDF-1.7"))
    assert document.text.count(SENTENCE) == 2
    assert any("another read what it could" in note for note in document.health.notes)


# limits ------------------------------------------------------------------------------------------------


def test_too_many_pages_are_refused_by_number(tmp_path) -> None:
    with pytest.raises(FileTooLarge, match=r"file\.pdf has 12 pages; the limit is 10.*PLAYGROUND_MAX_PAGES"):
        read(tmp_path, bad_files.pages(12), max_pages=10)


def test_three_thousand_pages(tmp_path) -> None:
    document = read(tmp_path, bad_files.pages(3000))
    assert document.health.pages == 3000
    assert document.text.endswith(f"Page 3000. {SENTENCE}")


def test_a_bomb_ends_at_the_memory_limit(tmp_path) -> None:
    with pytest.raises(ParsingTimeout, match=r"file\.pdf needs more than .* MB.*PARSE_MEMORY_MB"):
        read(tmp_path, bad_files.nested_forms(), parse_memory_mb=200)
    assert not children()


@pytest.fixture
def hostile(monkeypatch):
    """Parsing processes that crash on abort.pdf and hang on hang.pdf."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.setattr(pages, "PdfWorker", partial(PdfWorker, module="tests.hostile_worker"))


def test_a_hanging_parser_ends_at_the_time_limit(tmp_path, hostile) -> None:
    with pytest.raises(ParsingTimeout, match=r"hang\.pdf took longer than 2 s.*had read 1 of 3 pages.*PARSE_SECONDS"):
        read(tmp_path, bad_files.pages(3), "hang.pdf", parse_seconds=2)
    assert not children()


def test_a_crashing_parser_leaves_the_file_to_the_second_one(tmp_path, hostile) -> None:
    document = read(tmp_path, bad_files.pages(3), "abort.pdf")
    assert document.text.count(SENTENCE) == 3
    assert any("another read what it could" in note for note in document.health.notes)


def test_a_worker_names_the_file_that_crashed_it_and_goes_on(tmp_path, hostile) -> None:
    with PdfWorker(module="tests.hostile_worker") as worker:
        path = tmp_path / "abort.pdf"
        path.write_bytes(bad_files.pages(1))
        request = {"path": str(path), "name": "abort.pdf", "max_pages": 9}
        with pytest.raises(DamagedFile, match=r"abort\.pdf crashed the PDF parser \((SIGABRT|exit code)"):
            worker.call("text", request, lambda *_: None)
        parts: list[bytes] = []
        worker.call("text", {**request, "name": "next.pdf"}, lambda header, body: parts.append(body))
        assert parts[1].startswith(b"Page 1.")


def test_stop_ends_the_parser(tmp_path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bad_files.pages(2000))
    stop = threading.Event()
    with pytest.raises(Cancelled, match=r"a\.pdf"):
        load(path, settings=Settings(), on_progress=lambda done, total: stop.set(), cancel=stop)
    assert not children()


def test_an_error_in_the_callers_progress_is_the_callers(tmp_path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bad_files.pages(3))

    def fail(done: int, total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        load(path, settings=Settings(), on_progress=fail)
    assert not children()


# the process -------------------------------------------------------------------------------------------


def test_the_parsing_process_starts_light() -> None:
    code = (
        "import sys, pipelines.loading.worker, pipelines.loading.pdfium, pypdfium2;"
        "print(*{n.split('.')[0] for n in sys.modules})"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"gradio", "llama_index", "pydantic", "numpy", "PIL", "pypdf"} & set(loaded)


def test_an_operation_that_fails_leaves_the_worker_ready(tmp_path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bad_files.pages(1))
    request = {"path": str(path), "name": "a.pdf", "max_pages": 10}
    with PdfWorker() as worker:
        with pytest.raises(DamagedFile, match=r"gone\.pdf is gone"):
            worker.call("text", {**request, "path": str(tmp_path / "no"), "name": "gone.pdf"}, lambda *_: None)
        first = children()
        with pytest.raises(DamagedFile, match=r"a\.pdf cannot be parsed \(KeyError"):
            worker.call("no such thing", request, lambda *_: None)
        assert children() == first


@posix
def test_the_parser_ends_with_the_app(tmp_path) -> None:
    code = (
        "import sys, time; from pipelines.loading.process import PdfWorker; worker = PdfWorker();"
        "worker._start(); print(worker._running.process.pid, flush=True); time.sleep(60)"
    )
    app = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert app.stdout is not None
    parser = psutil.Process(int(app.stdout.readline()))
    app.kill()
    app.wait()
    app.stdout.close()
    gone, _ = psutil.wait_procs([parser], timeout=20)
    assert gone


def test_a_broken_install_is_not_the_files_fault(tmp_path) -> None:
    with PdfWorker(module="pipelines.loading.nothing") as worker, pytest.raises(Exception, match="did not run") as it:
        worker.call("text", {"name": "a.pdf"}, lambda *_: None)
    assert not isinstance(it.value, DocumentError)
