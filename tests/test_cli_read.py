"""``read`` and ``compare-readers`` from the command line, with the real readers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from pipelines.evaluation.reading_runs import pages_of
from playground import cli
from playground.cli.reading_pages import truths_in

SAMPLES = Path(__file__).parent.parent / "sample_docs"
REPORT, PAPER = SAMPLES / "harbour-energy-report.pdf", SAMPLES / "two-column-paper.pdf"
LETTER = SAMPLES / "scanned-letter.pdf"
LETTER_SAYS = SAMPLES / "sources" / "text" / "scanned-letter.transcript"

#: The report's page 3: plain text, so its text layer is what one sees.
PAGE = "3"
METRICS = {"cer", "wer", "precision", "recall", "f1", "order", "length_ratio", "numbers", "truth_words", "read_words"}

Printed = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _nothing_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No Ollama, no downloads, no model of this machine's user."""
    monkeypatch.setenv("PLAYGROUND_OFFLINE", "1")
    monkeypatch.setenv("PLAYGROUND_MODELS_DIR", str(tmp_path / "models"))
    monkeypatch.setenv("PLAYGROUND_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


def answer_of(printed: Printed, *words: str | Path, code: int = 0) -> tuple[dict[str, Any], str]:
    """(the JSON on stdout, what stderr says)."""
    found = cli.run([*map(str, words), "--json"])
    captured = printed.readouterr()
    assert found == code, captured.err
    return json.loads(captured.out), captured.err


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    drawn = Image.new("RGB", (900, 160), "white")
    ImageDraw.Draw(drawn).text((40, 40), "Otters eat 17 sea urchins a day.", fill="black", font_size=48)
    path = tmp_path_factory.mktemp("picture") / "otters.png"
    drawn.save(path)
    return path


# read --------------------------------------------------------------------------------------------------


def test_a_page_is_read_with_its_words_and_their_boxes(capsys: Printed) -> None:
    found, _ = answer_of(capsys, "read", REPORT, "--page", PAGE, "--reader", "tesseract")
    assert set(found) == {"reader", "page", "text", "words", "seconds", "flags", "metrics"}
    assert (found["reader"], found["page"], found["flags"], found["metrics"]) == ("tesseract", 3, [], None)
    assert [word["text"] for word in found["words"]] == found["text"].split()
    assert all(0 <= edge <= 1 for word in found["words"] for edge in word["box"])
    assert all(0 <= word["confidence"] <= 1 for word in found["words"])


def test_a_picture_is_read_and_measured_against_a_file(capsys: Printed, picture: Path, tmp_path: Path) -> None:
    truth = tmp_path / "truth.txt"
    truth.write_text("Otters eat 12 sea urchins a day.", "utf-8")
    found, _ = answer_of(capsys, "read", picture, "--reader", "tesseract", "--truth", truth)
    assert found["text"].strip() == "Otters eat 17 sea urchins a day."
    assert set(found["metrics"]) > METRICS
    assert found["metrics"]["cer"] == pytest.approx(1 / 32)
    assert found["metrics"]["numbers"] == 0
    assert cli.run(["read", str(picture), "--reader", "tesseract", "--truth", str(truth)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.split() == ["number", "12", "17", "Otters", "eat"] for line in lines)


def test_a_page_made_worse_is_read_worse_and_the_reader_may_have_knobs(capsys: Printed, picture: Path) -> None:
    words = ("read", picture, "--reader", "tesseract:page_mode=line", "--degrade")
    fine, _ = answer_of(capsys, *words, "blur=0.5")
    poor, _ = answer_of(capsys, *words, "blur=12,noise=40")
    assert fine["reader"] == "tesseract(page_mode=line)"
    assert "17 sea urchins" in fine["text"]
    assert "17 sea urchins" not in poor["text"]


def test_a_reader_may_come_from_the_recipe(capsys: Printed) -> None:
    found, _ = answer_of(capsys, "read", REPORT, "--page", PAGE, "--set", "reader=text-layer")
    assert found["reader"] == "text-layer"
    assert len(found["text"].split()) > 300


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--reader", "tesserakt"], 2, "Did you mean 'tesseract'?"),
        (["--reader", "tesseract:mode=block"], 2, "page_mode"),
        (["--reader", "tesseract", "--degrade", "blurr=1"], 2, "'blurr=1'"),
        (["--reader", "tesseract", "--degrade", "blur=99"], 2, "blur=99"),
        (["--reader", "tesseract", "--page", "99"], 2, "99"),
        (["--reader", "tesseract:language=xyz"], 2, "'xyz'"),
    ],
)
def test_what_is_wrong_is_named(capsys: Printed, words: list[str], code: int, says: str) -> None:
    found, errors = answer_of(capsys, "read", REPORT, *words, code=code)
    assert says in found["error"]["message"] + found["error"]["fix"]
    assert says in errors
    assert "Traceback" not in errors


# compare-readers ---------------------------------------------------------------------------------------


def test_pages_by_readers_by_degradations_are_rows_and_a_summary(capsys: Printed) -> None:
    readers = ("--reader", "tesseract", "--reader", "text-layer")
    levels = ("--degrade", "none", "--degrade", "dpi=100,blur=1")
    found, errors = answer_of(capsys, "compare-readers", REPORT, "--pages", "3-4", *readers, *levels)
    assert found["truth"] == "text layer of harbour-energy-report.pdf"
    rows = found["rows"]
    assert len(rows) == 2 * 2 * 2
    assert {"reader", "page", "degrade", "seconds", "metrics", "flags", "words", "text"} < set(rows[0])
    assert all(row["words"] == len(row["text"].split()) for row in rows)
    assert all(row["metrics"]["cer"] == 0 for row in rows if row["reader"] == "text-layer")
    assert all(row["metrics"]["f1"] > 0.98 for row in rows if (row["page"], row["degrade"]) == (3, "none"))
    assert [(one["reader"], one["degrade"]) for one in found["summary"]] == [
        ("tesseract", "none"),
        ("text-layer", "none"),
        ("tesseract", "dpi=100,blur=1"),
        ("text-layer", "dpi=100,blur=1"),
    ]
    clean = sorted(row["metrics"]["cer"] for row in rows if (row["reader"], row["degrade"]) == ("tesseract", "none"))
    assert found["summary"][0]["cer"] == pytest.approx({"median": sum(clean) / 2, "low": clean[0], "high": clean[1]})
    assert errors.count("read: harbour-energy-report.pdf · ") == len(rows)


def test_a_reader_that_fails_is_a_row_and_the_others_stay(capsys: Printed) -> None:
    readers = ("--reader", "tesseract:language=xyz", "--reader", "vlm", "--reader", "tesseract")
    found, errors = answer_of(capsys, "compare-readers", REPORT, "--pages", PAGE, *readers, code=1)
    lost, blind, good = found["rows"]
    assert "'xyz'" in lost["error"]
    assert blind["error"]
    assert (lost["metrics"], blind["metrics"]) == (None, None)
    assert "error" not in good
    assert good["metrics"]["cer"] < 0.02
    assert [(one["failed"], one["cer"] is None) for one in found["summary"]] == [(1, True), (1, True), (0, False)]
    assert "'xyz'" in errors


def test_a_page_without_a_text_layer_needs_a_truth(capsys: Printed) -> None:
    found, _ = answer_of(capsys, "compare-readers", LETTER, "--reader", "tesseract", code=2)
    assert "page 1 has no text layer" in found["error"]["message"]
    assert "--truth" in found["error"]["fix"]
    found, _ = answer_of(capsys, "compare-readers", LETTER, "--reader", "tesseract", "--truth", LETTER_SAYS)
    assert found["truth"] == "scanned-letter.transcript"
    assert found["rows"][0]["metrics"]["f1"] > 0.9


def test_a_picture_has_no_text_layer_either(capsys: Printed, picture: Path) -> None:
    found, _ = answer_of(capsys, "compare-readers", picture, "--reader", "tesseract", code=2)
    assert "otters.png is a picture" in found["error"]["message"]


def test_people_get_a_table_for_each_document(capsys: Printed) -> None:
    paths = [str(REPORT), str(SAMPLES / "lanternfish-handbook.pdf")]
    assert cli.run(["compare-readers", *paths, "--pages", "2", "--reader", "text-layer"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "harbour-energy-report.pdf" in lines
    assert "lanternfish-handbook.pdf" in lines
    assert sum(line.split()[:4] == ["none", "text-layer", "0.0", "0.0–0.0"] for line in lines) == 2


def test_pages_are_written_as_people_write_them() -> None:
    assert pages_of("1-3,7, 2") == [1, 2, 3, 7]
    for wrong in ("", "0", "3-1", "a", "1,,2", "-2"):
        with pytest.raises(Exception, match="is not a list of pages"):
            pages_of(wrong)


def test_all_pages_of_each_file_are_compared(capsys: Printed) -> None:
    found, _ = answer_of(capsys, "compare-readers", REPORT, PAPER, "--pages", "all", "--reader", "text-layer")
    assert Counter(row["document"] for row in found["rows"]) == {REPORT.name: 7, PAPER.name: 3}
    found, _ = answer_of(
        capsys, "compare-readers", LETTER, "--pages", "all", "--reader", "text-layer", "--truth", LETTER_SAYS
    )
    assert [row["page"] for row in found["rows"]] == [1]


def test_a_truth_of_several_pages_has_a_form_feed_between_them(tmp_path: Path) -> None:
    path = tmp_path / "truth.txt"
    path.write_text("\ufeffone\ftwo\f", "utf-8")
    assert truths_in(path, [4, 7]) == {4: "one", 7: "two"}
    with pytest.raises(Exception, match="holds the text of 3 pages, and 4 are compared"):
        truths_in(path, [1, 2, 3, 4])
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(Exception, match="cannot be read as text"):
        truths_in(path, [1])
