"""The sample documents: their questions can be answered from them, they differ as they should, they can be rebuilt."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pypdf
import pypdfium2
import pytest
import yaml

from pipelines.loading import Document, load
from pipelines.settings import Settings
from sample_docs import SAMPLES, first_questions, folder

QUESTIONS = yaml.safe_load((folder() / "questions.yaml").read_text(encoding="utf-8"))
ANSWERABLE = [q for q in QUESTIONS if q.get("answerable", True)]
PDFS = [name for name in SAMPLES if name.endswith(".pdf")]


@cache
def loaded(name: str) -> Document:
    return load(folder() / name, settings=Settings())


def page_text(document: Document, number: int) -> str:
    page = document.pages[number - 1]
    return document.text[page.start : page.end]


# --- questions


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda q: q["question"])
def test_the_quote_stands_on_its_page(question):
    assert question["quote"] in page_text(loaded(question["document"]), question["page"])


def test_questions_have_the_promised_shape():
    for question in QUESTIONS:
        if question in ANSWERABLE:
            assert set(question) == {"question", "document", "page", "quote", "answer"}
        else:
            assert question["answerable"] is False
            assert set(question) == {"question", "answerable"}
    assert len({q["question"] for q in QUESTIONS}) == len(QUESTIONS)


def test_every_document_with_text_has_six_to_eight_questions_and_some_have_no_answer():
    counts = Counter(q["document"] for q in ANSWERABLE)
    assert set(counts) == set(SAMPLES) - {"scanned-letter.pdf"}
    assert all(6 <= count <= 8 for count in counts.values())
    assert 5 <= len(QUESTIONS) - len(ANSWERABLE) <= 6


def test_the_first_questions_can_be_answered_from_three_documents():
    asked = {q["question"]: q["document"] for q in ANSWERABLE}
    assert len({asked[question] for question in first_questions}) == 3


def test_unanswerable_codes_and_words_are_nowhere():
    everything = "\n".join(loaded(name).text for name in SAMPLES).lower()
    for absent in ("e-512", "warranty", "salary"):
        assert absent not in everything


# --- what makes each of them different


@pytest.mark.parametrize("name", SAMPLES)
def test_it_is_there_and_small(name):
    assert (folder() / name).stat().st_size < 400_000


@pytest.mark.parametrize("name", PDFS)
def test_a_pdf_says_who_made_it(name):
    about = pypdf.PdfReader(folder() / name).metadata
    assert about is not None
    assert about.title
    assert about.author


def test_the_report_has_roman_front_matter_chapters_and_sections():
    report = loaded("harbour-energy-report.pdf")
    assert [page.label for page in report.pages] == ["i", "ii", "1", "2", "3", "4", "5"]
    assert [h.title for h in report.headings if h.level == 1] == [
        "To the members",
        "Generation",
        "Storage and network",
        "Finances",
        "People and plans",
    ]
    assert {"Reliability", "Borrowing"} <= {h.title for h in report.headings if h.level == 2}
    assert report.health.pages_without_text == report.health.garbled_pages == 0


def test_the_contents_page_names_the_labels_of_the_chapters():
    report = loaded("harbour-energy-report.pdf")
    contents = page_text(report, 2)
    for heading in report.headings:
        if heading.level == 1:
            assert f"{heading.title} {report.pages[heading.page - 1].label}" in contents


def test_the_paper_is_numbered_from_41_and_set_in_two_columns():
    paper = loaded("two-column-paper.pdf")
    assert [page.label for page in paper.pages] == ["41", "42", "43"]
    text = pypdfium2.PdfDocument(folder() / "two-column-paper.pdf")[0].get_textpage()
    lefts = []
    for phrase in ("1 Introduction", "2 Bells and recordings"):
        index, _ = text.search(phrase).get_next()
        lefts.append(text.get_charbox(index)[0])
    assert lefts[0] < paper.pages[0].width / 2 < lefts[1]


def test_words_broken_at_a_line_end_are_in_the_paper():
    raw = pypdfium2.PdfDocument(folder() / "two-column-paper.pdf")[0].get_textpage().get_text_range()
    assert "micro\ufffephone" in raw
    assert "weatherproof microphone was" in page_text(loaded("two-column-paper.pdf"), 1)


def test_the_handbook_is_small_paper_without_labels_and_with_nine_chapters():
    handbook = loaded("lanternfish-handbook.pdf")
    assert handbook.pages[0].width == pytest.approx(419.5, abs=1)
    assert [page.label for page in handbook.pages] == [str(n) for n in range(1, 11)]
    chapters = [h.title for h in handbook.headings if h.level == 1]
    assert [title[0] for title in chapters] == list("123456789")
    assert "4.2 Replacing the brush pair" in {" ".join(h.title.split()) for h in handbook.headings}


def test_the_letter_is_one_picture_and_needs_ocr():
    letter = loaded("scanned-letter.pdf")
    assert letter.health.needs_ocr
    assert letter.text.strip() == ""
    (picture,) = pypdf.PdfReader(folder() / "scanned-letter.pdf").pages[0].images
    assert picture.image is not None
    assert picture.image.size == (1654, 2339)  # A4 at 200 dpi
    truth = folder() / "sources" / "text" / "scanned-letter.transcript"
    assert "185 crowns, of which 60 are for the hire of the boat." in truth.read_text(encoding="utf-8")


def test_the_guide_is_markdown_kept_as_it_is():
    guide = loaded("field-guide.md")
    assert guide.kind == "markdown"
    assert guide.text == (folder() / "field-guide.md").read_text(encoding="utf-8")
    assert ("Birds", 2) in {(h.title, h.level) for h in guide.headings}
    assert "date: 2031-03-02" in guide.text  # inside the code block


# --- the invented figures add up


def number(cell: str) -> int:
    """Accounting style: brackets are minus."""
    value = int(cell.strip("()").replace(",", ""))
    return -value if cell.startswith("(") else value


def report_table(caption: str) -> dict[str, list[int]]:
    words = yaml.safe_load((folder() / "sources" / "text" / "report.yaml").read_text(encoding="utf-8"))
    (table,) = (b["table"] for b in words["body"] if caption in b.get("table", {}).get("caption", ""))
    return {row[0]: [number(cell) for cell in row[1:3]] for row in table["rows"]}


def sums(rows: dict[str, list[int]], *names: str) -> list[int]:
    return [sum(column) for column in zip(*(rows[name] for name in names), strict=True)]


def test_generation_adds_up_in_table_and_chart():
    from sample_docs.sources.report_art import OTHER, TIDAL, WIND

    rows = report_table("Table 1")
    sources = [name for name in rows if name != "Total"]
    assert sums(rows, *sources) == rows["Total"]
    drawn = [sum(TIDAL), sum(WIND), sum(OTHER)]
    this_year = [rows[name][0] for name in sources]
    assert drawn == [this_year[0], this_year[1], this_year[2] + this_year[3]]


def test_energy_balance_adds_up():
    rows = report_table("Table 2")
    own, imports, entering, exports, losses, sold = rows
    assert sums(rows, own, imports) == rows[entering]
    assert sums(rows, entering, exports, losses) == rows[sold]
    assert rows[own] == report_table("Table 1")["Total"]


def test_income_statement_adds_up():
    rows = report_table("Table 4")
    names = list(rows)
    assert sums(rows, *names[0:3]) == rows["Revenue"]
    assert sums(rows, *names[4:8]) == rows["Total costs"]
    assert sums(rows, "Revenue", "Total costs") == rows["Operating surplus"]
    assert sums(rows, "Operating surplus", "Interest paid") == rows["Surplus for the year"]


# --- they can be made again


@pytest.fixture(scope="module")
def rebuilt(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two builds by the documented command, in processes that order their sets differently."""
    targets = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    builds = [
        subprocess.Popen(
            [sys.executable, "-m", "sample_docs.build", "--to", str(target)],
            cwd=folder().parent,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            stdout=subprocess.DEVNULL,
        )
        for seed, target in enumerate(targets, 1)
    ]
    assert [build.wait(timeout=120) for build in builds] == [0, 0]
    return targets


@pytest.mark.parametrize("name", PDFS)
def test_two_builds_are_the_same_bytes(rebuilt, name):
    first, second = ((target / name).read_bytes() for target in rebuilt)
    assert first == second


@pytest.mark.parametrize("name", PDFS)
def test_the_committed_pdf_is_what_its_sources_make(rebuilt, name):
    """Other versions of the libraries may write other bytes: then text and pictures must still agree."""
    ours, theirs = folder() / name, rebuilt[0] / name
    if ours.read_bytes() == theirs.read_bytes():
        return
    old, new = pypdfium2.PdfDocument(ours), pypdfium2.PdfDocument(theirs)
    assert len(old) == len(new)
    for before, after in zip(old, new, strict=True):
        assert before.get_textpage().get_text_range() == after.get_textpage().get_text_range()
        pictures = [page.render(scale=0.5).to_numpy().astype(float) for page in (before, after)]
        assert np.abs(pictures[0] - pictures[1]).mean() < 2
