"""A person's own questions: kept, imported, taken out, never half written."""

from __future__ import annotations

import pytest

from pipelines.errors import DamagedFile, StoreError, UsageError
from pipelines.evaluation.question_sets import MINE, QuestionSets
from pipelines.evaluation.questions import Question, Quote


def question(text="Why?", quote="because"):
    return Question(text, "a.pdf", (Quote(3, 3 + len(quote), quote),), page=2)


def test_marked_questions_come_back(tmp_path):
    sets = QuestionSets(tmp_path / "questions")
    assert sets.names() == []
    sets.add(question("One?"))
    sets.add(question("Two?\u2028 <b>\ud83d</b>", "a\nquote"))
    again = QuestionSets(tmp_path / "questions")
    assert again.names() == [MINE]
    assert [one.question for one in again.read(MINE)] == ["One?", "Two?\u2028 <b>\ud83d</b>"]
    assert again.read(MINE)[0] == question("One?")
    again.remove(0)
    assert [one.quotes[0].text for one in again.read(MINE)] == ["a\nquote"]
    again.remove(0)
    assert again.names() == []
    with pytest.raises(UsageError):
        again.read(MINE)


def test_a_file_becomes_a_set_under_a_harmless_name(tmp_path):
    file = tmp_path / "q.csv"
    file.write_text("question,document,quote\nWhy?,a.pdf,because\n", "utf-8")
    sets = QuestionSets(tmp_path / "questions")
    name = sets.import_file(file, "../../etc/<my> set.csv")
    assert name == "my set"
    assert sets.read(name)[0].quotes[0].text == "because"
    assert [path.name for path in (tmp_path / "questions").iterdir()] == ["my set.jsonl"]


def test_a_bad_file_is_refused_and_nothing_kept(tmp_path):
    file = tmp_path / "q.jsonl"
    file.write_text('{"question": "Why?", "document": "a.pdf"}\n', "utf-8")
    sets = QuestionSets(tmp_path / "questions")
    with pytest.raises(DamagedFile, match="no quote"):
        sets.import_file(file, "q.jsonl")
    assert sets.names() == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "questions").write_text("a file, not a folder", "utf-8")
    with pytest.raises(StoreError, match="cannot be kept"):
        QuestionSets(tmp_path / "questions").add(question())
