"""Clean pages at 200 dpi are read with few errors and in order by both OCR engines: the samples, and other layouts."""

from __future__ import annotations

import pytest

from pipelines.evaluation.transcripts import measure
from pipelines.reading.degrade import Degradation, degraded
from pipelines.reading.pictures import sheet_of
from tests.reading_layouts import drawn, form, letter, magazine, receipt
from tests.reading_means import SAMPLES, means_for, read

OCR = ["tesseract", "rapidocr"]
SIZES = {"harbour-energy-report": 7, "lanternfish-handbook": 10, "two-column-paper": 3}
PAGES = [(name, at) for name, pages in SIZES.items() for at in range(1, pages + 1)]
BOUND = 0.02  # of the character error rate

#: Pages over the bound, with the cause and a bound of their own.
EXCEPTIONS = {
    # the seven numbers in drawn circles are missed
    ("tesseract", "lanternfish-handbook", 3): 0.03,
    # formulas: subscripts, Greek letters
    ("tesseract", "two-column-paper", 2): 0.03,
    # of the stamp, eight degrees askew, fragments are read
    ("tesseract", "scanned-letter", 1): 0.05,
}


@pytest.fixture(scope="module")
def means():
    with means_for() as found:
        yield found


@pytest.mark.parametrize("reader", OCR)
@pytest.mark.parametrize(("name", "number"), PAGES)
def test_pages_of_the_samples(means, reader, name, number):
    page = sheet_of(SAMPLES / f"{name}.pdf", number, 200, None, means)
    truth, last = (read(one, page, means)[-1].text for one in ("text-layer", reader))
    assert measure(truth, last).cer < EXCEPTIONS.get((reader, name, number), BOUND)


@pytest.mark.parametrize("reader", OCR)
def test_the_scanned_letter(means, reader):
    truth = (SAMPLES / "sources" / "text" / "scanned-letter.transcript").read_text()
    page = sheet_of(SAMPLES / "scanned-letter.pdf", 1, 200, None, means)
    assert measure(truth, read(reader, page, means)[-1].text).cer < EXCEPTIONS.get((reader, "scanned-letter", 1), BOUND)


@pytest.mark.parametrize("turned", [0, 2])
@pytest.mark.parametrize("reader", OCR)
@pytest.mark.parametrize("layout", [receipt, form, magazine, letter])
def test_other_layouts_upright_and_two_degrees_askew(means, tmp_path, layout, reader, turned):
    truth = drawn(layout, tmp_path / "page.pdf")
    page = degraded(sheet_of(tmp_path / "page.pdf", 1, 200, None, means), Degradation(rotation=turned), means)
    measured = measure(truth, read(reader, page, means)[-1].text)
    assert measured.order > 0.99
    assert measured.cer < 0.03
