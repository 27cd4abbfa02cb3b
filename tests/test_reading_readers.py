"""Every reader keeps the contract; OCR reads clean pages; what goes wrong in its process is a message here."""

from __future__ import annotations

import threading
import time
from collections import Counter
from functools import cache
from pathlib import Path

import psutil
import pytest

from pipelines import registry
from pipelines.errors import BadParameter, DamagedFile, EngineFailed, ParsingTimeout, UsageError
from pipelines.reading.degrade import Degradation, degraded
from pipelines.reading.pictures import sheet_of
from pipelines.reading.tesseract import folder_with, languages
from pipelines.reading.worker import ReadingWorker
from pipelines.settings import Settings
from tests import tiny_reader
from tests.reading_means import SAMPLES, error_rate, means_for, read, sheet

OCR = ["tesseract", "rapidocr"]


@pytest.fixture(scope="module")
def means():
    with means_for() as found:
        yield found


@pytest.fixture(scope="module")
def reading(means):
    """The transcript of a clean page of a sample by a reader, read once."""

    @cache
    def of(reader: str, name: str, number: int):
        return read(reader, page(means, name, number), means)[-1]

    return of


@pytest.fixture
def tiny(monkeypatch):
    """The reader of tests/tiny_reader.py, for one test, in a process of its own."""
    registry.parts("reader")
    monkeypatch.setattr(registry, "_PARTS", dict(registry._PARTS))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    tiny_reader.register()
    with means_for(memory_mb=400) as found:
        yield found


def page(means, name: str, number: int, dpi: float = 200):
    return sheet_of(SAMPLES / name, number, dpi, None, means)


def keeps_the_contract(transcripts) -> None:
    *before, last = transcripts
    assert last.state in ("done", "stopped", "failed")
    assert all(one.state in ("waiting", "running") for one in before)
    assert all(one.reader == last.reader for one in before)
    assert (last.error is not None) == (last.state == "failed")
    for word in last.words or ():
        assert last.text[word.start : word.start + len(word.text)] == word.text
        assert word.text == word.text.strip() != ""
        assert 0 <= word.box[0] <= word.box[2] <= 1
        assert 0 <= word.box[1] <= word.box[3] <= 1
        assert word.confidence is None or 0 <= word.confidence <= 1
    starts = [word.start for word in last.words or ()]
    assert starts == sorted(starts)


# every reader ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", registry.parts("reader"), ids=lambda part: part.name)
def test_every_reader_keeps_the_contract(means, part):
    clean = page(means, "lanternfish-handbook.pdf", 3, 100)
    for given in (clean, sheet("Hello", size=(200, 100)), sheet(size=(1, 1))):
        transcripts = read(part.name, given, means)
        keeps_the_contract(transcripts)
        last = transcripts[-1]
        if last.state == "done":
            assert last.seconds is not None
            assert last.engine
            assert " ".join(word.text for word in last.words or ()).split() == last.text.split()


def test_the_text_layer_is_the_files_own_text_with_its_words_in_place(means):
    last = read("text-layer", page(means, "two-column-paper.pdf", 1, 50), means)[-1]
    assert "loud bells, blind morning" in last.text
    title = next(word for word in last.words if word.text == "Barometers:")
    assert 0.06 < title.box[1] < title.box[3] < 0.12
    assert [word.text for word in last.words] == last.text.split()


def test_a_page_and_a_picture_without_text_layer(means):
    scan = read("text-layer", page(means, "scanned-letter.pdf", 1, 50), means)[-1]
    assert (scan.state, scan.text, scan.words) == ("done", "", ())
    assert "no text of its own" in scan.notes[0]
    alone = read("text-layer", sheet("Hello"), means)[-1]
    assert isinstance(alone.error, UsageError)
    assert "drawn.png is a picture" in alone.error.message


@pytest.mark.parametrize("reader", OCR)
def test_words_stand_where_the_file_has_them(reading, reader):
    truth, last = (reading(one, "harbour-energy-report.pdf", 3) for one in ("text-layer", reader))
    counts = Counter(word.text for word in truth.words)
    at = {word.text: word.box for word in truth.words if counts[word.text] == 1}
    unique = [word for word in last.words if len(word.text) > 7 and word.text in at]
    assert len(unique) > 8
    for word in unique:
        middle = (at[word.text][0] + at[word.text][2]) / 2, (at[word.text][1] + at[word.text][3]) / 2
        assert word.box[0] < middle[0] < word.box[2]
        assert word.box[1] < middle[1] < word.box[3]


@pytest.mark.parametrize("reader", OCR)
def test_a_scan_is_read(means, reader):
    last = read(reader, page(means, "scanned-letter.pdf", 1, 120), means)[-1]
    assert len(last.words) > 50
    assert last.notes == ()


@pytest.mark.parametrize("reader", OCR)
def test_a_blank_page_has_no_words(means, reader):
    last = read(reader, sheet(size=(200, 240)), means)[-1]
    assert (last.state, last.text, last.words) == ("done", "", ())


def test_what_a_reader_gets_is_the_degraded_picture(means):
    clean = page(means, "harbour-energy-report.pdf", 7)
    poor = degraded(clean, Degradation.parse("dpi=50,blur=1"), means)
    truth = read("text-layer", poor, means)[-1].text
    assert error_rate(truth, read("tesseract", poor, means)[-1].text) > 0.3


def test_loading_is_told_apart_and_happens_once(means):
    with means_for() as fresh:
        first, second = (read("tesseract", sheet("Hello"), fresh)[-1] for _ in range(2))
    assert first.load_s > second.load_s == 0


# Tesseract's and RapidOCR's own ------------------------------------------------------------------------


def test_languages_at_hand_are_listed_and_others_refused_with_the_list(means, tmp_path, monkeypatch):
    assert {"eng", "osd"} <= set(languages())
    last = read("tesseract", sheet("Hello"), means, language="eng+xyz")[-1]
    assert isinstance(last.error, UsageError)
    assert "'eng+xyz'" in last.error.message
    assert "There is: eng" in last.error.fix
    (tmp_path / "tessdata").mkdir()
    for code in ("eng", "xyz"):
        (tmp_path / "tessdata" / f"{code}.traineddata").touch()
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert folder_with("eng+xyz") == tmp_path / "tessdata"
    assert folder_with("eng") != tmp_path / "tessdata"


def test_a_broken_language_file_is_a_message(means, tmp_path, monkeypatch):
    (tmp_path / "xyz.traineddata").write_bytes(b"no such thing")
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    last = read("tesseract", sheet("Hello"), means, language="xyz")[-1]
    assert isinstance(last.error, EngineFailed)
    assert "tesseract" in last.error.message
    assert read("tesseract", sheet("Hello"), means)[-1].text == "Hello"


@pytest.mark.parametrize("mode", ["auto", "upright", "column", "block", "line", "sparse"])
def test_page_modes(means, mode):
    keeps_the_contract(transcripts := read("tesseract", sheet("Hello", size=(300, 90)), means, page_mode=mode))
    assert transcripts[-1].state == "done"


def test_a_model_that_would_be_a_download_is_refused(means):
    last = read("rapidocr", sheet("Hello"), means, weights="PP-OCRv5")[-1]
    assert isinstance(last.error, BadParameter)
    assert "would have to be downloaded" in last.error.message


def test_an_unknown_mode_is_refused_before_anything_is_read():
    with pytest.raises(BadParameter, match="page_mode"):
        registry.get("reader", "tesseract").make_params({"page_mode": "diagonal"})


# one more reader, and what goes wrong ------------------------------------------------------------------


def test_a_reader_is_one_file(tiny):
    transcripts = read("tiny", sheet("Hello"), tiny)
    keeps_the_contract(transcripts)
    last = transcripts[-1]
    assert (last.text, last.engine, last.notes) == ("grey 0", "tiny 1", ("It was easy.",))
    assert [one.state for one in transcripts] == ["waiting", "running", "done"]


@pytest.mark.parametrize(
    ("how", "kind", "says"),
    [
        ("crash", EngineFailed, r"drawn\.png crashed tiny \((SIGABRT|exit code)"),
        ("fail", EngineFailed, r"tiny failed on drawn\.png \(ZeroDivisionError: no reason\)"),
        ("hang", ParsingTimeout, r"drawn\.png took longer than 1 s to read with tiny"),
        ("grow", ParsingTimeout, r"drawn\.png needs more than 400 MB of memory to read with tiny"),
    ],
)
def test_what_goes_wrong_is_a_message_and_the_next_page_is_read(tiny, how, kind, says):
    bad = read("tiny", sheet("Hello"), tiny, seconds=1 if how == "hang" else 20, how=how)
    keeps_the_contract(bad)
    assert isinstance(bad[-1].error, kind)
    with pytest.raises(kind, match=says):
        raise bad[-1].error
    assert read("tiny", sheet("Hello"), tiny)[-1].state == "done"


def test_a_process_killed_at_work_is_a_message(tiny):
    def kill() -> None:
        while tiny.worker._running is None:
            time.sleep(0.01)
        time.sleep(0.3)
        psutil.Process(tiny.worker._running.process.pid).kill()

    threading.Thread(target=kill).start()
    last = read("tiny", sheet("Hello"), tiny, how="hang")[-1]
    assert isinstance(last.error, EngineFailed)
    assert "crashed tiny" in last.error.message


def test_stop_ends_the_process_and_those_who_wait_for_it(tiny):
    stop = threading.Event()
    waiting: list = []
    other = threading.Thread(target=lambda: waiting.extend(read("tiny", sheet("Hello"), tiny, cancel=stop)))
    threading.Timer(0.6, stop.set).start()
    threading.Timer(0.3, other.start).start()
    last = read("tiny", sheet("Hello"), tiny, how="hang", cancel=stop)[-1]
    other.join()
    assert last.state == waiting[-1].state == "stopped"
    assert tiny.worker._running is None or tiny.worker._running.process.poll() is not None


def test_the_process_ends_with_its_owner():
    with means_for() as found:
        read("tesseract", sheet("Hello"), found)
        process = psutil.Process(found.worker._running.process.pid)
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_limits_come_from_the_settings():
    worker = ReadingWorker.from_settings(Settings(parse_seconds=7, read_memory_mb=900, parse_memory_mb=800))
    assert (worker.seconds, worker.memory_mb, worker.pdf.memory_mb) == (7, 900, 800)


def test_a_sheet_that_is_no_picture_is_a_message(means):
    from dataclasses import replace

    for reader in OCR:
        last = read(reader, replace(sheet("Hello"), png=b"nothing"), means)[-1]
        assert isinstance(last.error, DamagedFile | EngineFailed)
