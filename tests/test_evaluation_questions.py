"""Labelled questions: every way to write them, what is said of wrong ones, and where their quotes stand."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.errors import DamagedFile, FileTooLarge, UsageError
from pipelines.evaluation import question_files
from pipelines.evaluation.questions import Question, Quote, locate, read_questions, to_jsonl
from pipelines.loading import load
from pipelines.loading.document import Document, Health, Page
from pipelines.settings import Settings
from sample_docs import folder

TEXT = "The cat sat\non the mat.\n\nA dog  sat on the mat. The end of page one.\n\nThe cat sat on the mat again."
BREAK = TEXT.index("The cat sat on the mat again")


def page(number: int, start: int, end: int) -> Page:
    return Page(number, str(number), start, end, 1, 1)


DOCUMENT = Document(
    "id", "cats.pdf", "pdf", TEXT, (page(1, 0, BREAK - 2), page(2, BREAK, len(TEXT))), Health(pages=2, words=20)
)


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- reading


def test_the_samples_questions_are_read_and_their_quotes_found():
    questions = read_questions(folder() / "questions.yaml")
    answerable = [one for one in questions if one.answerable]
    assert (len(questions), len(answerable)) == (36, 30)
    read = {name: load(folder() / name, settings=Settings()) for name in {one.document for one in answerable}}
    for one in answerable:
        ((start, end),) = locate(one, read[one.document])
        assert read[one.document].text[start:end] == one.quotes[0].text
        assert read[one.document].page_at(start).number == one.page


def test_a_question_reads_the_same_from_every_kind_of_file(tmp_path):
    expected = [
        Question(
            "Who sat?", "cats.pdf", (Quote(None, None, "The cat, she sat"), Quote(None, None, "A dog")), 3, "Both"
        ),
        Question("Who ran?", answerable=False),
    ]
    fields = {"question": "Who sat?", "document": "cats.pdf", "quotes": ["The cat, she sat", "A dog"], "page": 3}
    rows = [{**fields, "answer": "Both", "ignored": {"a": [1]}}, {"question": "Who ran?", "answerable": False}]
    files = {
        "a.json": json.dumps(rows, indent=1),
        "a.jsonl": "\n\n".join(map(json.dumps, rows)),
        "b.json": "\r\n".join(map(json.dumps, rows)),
        "a.yaml": "- question: Who sat?\n  document: cats.pdf\n  page: 3\n  answer: Both\n"
        '  quotes:\n  - "The cat, she sat"\n  - A dog\n- question: Who ran?\n  answerable: no\n',
        "a.csv": "question,document,quotes,page,answer,answerable\r\n"
        'Who sat?,cats.pdf,"[""The cat, she sat"", ""A dog""]",3.0,Both,\r\n\r\nWho ran?,,,,,FALSE\r\n',
        "b.csv": "Question;Document;Quotes;Page;Answer;Answerable\n"
        'Who sat?;cats.pdf;"[""The cat, she sat"", ""A dog""]";3;Both;true\nWho ran?;;;;;0\n',
    }
    for name, content in files.items():
        for mark in ("", "\ufeff"):
            assert read_questions(written(tmp_path, name, mark + content)) == expected, name
    assert read_questions(written(tmp_path, "wide.csv", files["a.csv"].encode("utf-16"))) == expected


def test_offsets_may_stand_alone_or_beside_quotes(tmp_path):
    path = written(
        tmp_path, "a.csv", 'question,document,start,end,quote\nq,d,4,9,\nq,d,"[1, 5]","[2, 6]",\nq,d,1,3,he\n'
    )
    assert [one.quotes for one in read_questions(path)] == [
        (Quote(4, 9),),
        (Quote(1, 2), Quote(5, 6)),
        (Quote(1, 3, "he"),),
    ]


def test_chromas_own_file_is_read(tmp_path):
    references = [{"content": "It\u2019s here", "start_index": 5, "end_index": 14}]
    cell = json.dumps(references).replace('"', '""')
    path = written(tmp_path, "a.csv", f'question,references,corpus_id\nWhere?,"{cell}",wikitexts\n')
    assert read_questions(path) == [Question("Where?", "wikitexts", (Quote(5, 14, "It\u2019s here"),))]


def test_what_looks_like_another_type_stays_text(tmp_path):
    path = written(
        tmp_path, "a.yaml", "- question: no\n  document: 2031-01-01\n  quote: 1.50\n  answer: 'null'\n  page: null\n"
    )
    expected = Question("no", "2031-01-01", (Quote(None, None, "1.50"),), None, "null")
    assert read_questions(path) == [expected]
    path = written(tmp_path, "a.csv", "question,document,quote\nq,d,[sic] it said\n")
    assert read_questions(path)[0].quotes[0].text == "[sic] it said"


def test_a_field_may_be_long_in_json(tmp_path):
    quote = "word " * 100_000
    path = written(tmp_path, "a.jsonl", json.dumps({"question": "q", "document": "d", "quote": quote}))
    assert read_questions(path)[0].quotes[0].text == quote


# --- what is wrong is named


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"question": "q", "document": "d", "quote": "x"}\nnot json\n', "line 2: not JSON"),
        ("a.jsonl", '{"question": "q", "document": "d", "quote": "x"}\n[1]\n', "line 2: not an object"),
        ("a.jsonl", '\n{"document": "d", "quote": "x"}\n', "line 2: there is no question"),
        ("a.json", "[1]", "question 1: not an object"),
        ("a.json", "[" * 100_000, "nests too deep"),
        ("a.json", "[" + "1" * 9999 + "]", "not JSON"),
        ("a.yaml", "- question: q\n  quote: a: b\n", "line 2: not YAML"),
        ("a.yaml", "- question: q\n- document: d\n", "question 1: the question names no document"),
        ("a.yaml", "question: q\n", "not a list"),
        ("a.yaml", "- [" + "[" * 5000, "nests too deep"),
        ("a.yaml", "", "not a list"),
        ("a.yaml", "- question: \x07" + " x" * 99, "not YAML"),
        ("a.csv", "question,document,quote\nq,d,x\nq,d\n", "row 3: the question has no quote"),
        ("a.csv", "question,document,quote\nq,d,one, two\n", "row 2: 4 fields under a header of 3"),
        ("a.csv", 'question,document,quote\nq,d,"open\n', "row 2: not CSV"),
        ("a.csv", f"question,document,quote\nq,d,{'x' * 200_000}\n", "row 2: not CSV (field larger than"),
        ("a.csv", "text,file\nq,d\n", "row 2: there is no question"),
        ("a.csv", "question,document,quote\n", "holds no question"),
        ("a.csv", "question,references,corpus_id\nq,[1],d\n", "references is not a JSON list of objects"),
        ("a.csv", "question,document,start\nq,d,5\n", "0 quotes, 1 starts, 0 ends"),
        ("a.csv", "question,document,start,end\nq,d,5,five\n", "end is “five”, not a whole number"),
        ("a.csv", "question,document,start,end\nq,d,5,-6\n", "end is “-6”"),
        ("a.csv", "question,document,start,end\nq,d,5,5\n", "from 5 to 5 is empty"),
        ("a.csv", "question,document,quote,answerable\nq,d,x,perhaps\n", "answerable is “perhaps”"),
        ("a.csv", "question,document,quote\nq,d,x\0y\n", "is not text"),
        ("a.jsonl", '{"question": "q", "document": "d", "quotes": ["x", ["y"]]}', "quote is not text"),
        ("a.jsonl", '{"question": "q", "document": "d", "quotes": ["x", " "]}', "a quote is empty"),
        ("a.jsonl", '{"question": "q", "document": "d", "start": [1, 2], "end": [3, null]}', "but not both"),
        (
            "a.jsonl",
            '{"question": "q", "document": "d", "quotes": ["x"], "start": [1, 2], "end": [3, 4]}',
            "1 quotes, 2",
        ),
        ("a.jsonl", '{"question": {"a": 1}, "document": "d", "quote": "x"}', "question is not text"),
        ("a.jsonl", '{"question": "q", "document": "d", "quote": "x", "page": true}', "page is “True”"),
    ],
)
def test_a_wrong_file_is_named_with_the_place(tmp_path, name, content, said):
    path = written(tmp_path, name, content)
    with pytest.raises(DamagedFile) as caught:
        read_questions(path)
    assert str(path) in caught.value.message
    assert said in caught.value.message
    assert len(str(caught.value)) < 500
    assert caught.value.fix


def test_a_bomb_of_yaml_references_goes_off_nowhere(tmp_path):
    lines = ['a0: &a0 "boom"', *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))]
    for field in ("quote", "page", "answerable", "question", "start"):
        body = "\n  ".join(lines)
        path = written(tmp_path, "a.yaml", f"- {body}\n  {field}: *a29\n")
        started = time.perf_counter()
        with pytest.raises(DamagedFile):
            read_questions(path)
        assert time.perf_counter() - started < 2


def test_other_kinds_and_sizes_of_files(tmp_path, monkeypatch):
    with pytest.raises(UsageError, match=r"Kinds: \.yaml"):
        read_questions(written(tmp_path, "a.xlsx", "x"))
    with pytest.raises(DamagedFile, match="can't be read"):
        read_questions(tmp_path / "none.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DamagedFile, match="can't be read"):
        read_questions(tmp_path / "folder.csv")
    monkeypatch.setattr(question_files, "_MOST_BYTES", 3)
    with pytest.raises(FileTooLarge):
        read_questions(written(tmp_path, "a.csv", "question"))


# --- placing


def place(*quotes: str | tuple[int, int] | tuple[int, int, str], page: int | None = None) -> list[str]:
    made = tuple(Quote(None, None, one) if isinstance(one, str) else Quote(*one) for one in quotes)
    return [TEXT[start:end] for start, end in locate(Question("Who?", "cats.pdf", made, page), DOCUMENT)]


def test_a_quote_is_found_word_for_word_before_white_space_bends():
    (found,) = locate(Question("q", "d", (Quote(None, None, "The cat sat on the mat"),)), DOCUMENT)
    assert found[0] == BREAK, "the first place only has a line break where the quote has a blank"
    assert place("The cat sat on the mat.") == ["The cat sat\non the mat."]


def test_the_page_is_looked_at_first_and_then_the_rest():
    quote = (Quote(None, None, "on the mat"),)
    at = [locate(Question("q", "d", quote, page), DOCUMENT)[0][0] for page in (None, 1, 2, 9)]
    first = TEXT.index("on the mat")
    assert at == [first, first, TEXT.index("on the mat", BREAK), first]
    assert place("A dog sat", page=2) == ["A dog  sat"], "not there, so looked for elsewhere"
    assert place("page one. The cat", page=1) == ["page one.\n\nThe cat"], "it may go on overleaf"


def test_on_its_page_bent_white_space_comes_before_another_page_word_for_word():
    assert place("The cat sat on the mat", page=1) == ["The cat sat\non the mat"]


def test_a_block_of_yaml_ends_with_a_line_break_that_does_not_matter():
    assert place("A dog sat on\nthe mat.\n") == ["A dog  sat on the mat."]


def test_offsets_are_checked_against_text_and_quote():
    assert place((0, 7), (4, 11, "cat  sat"), (12, 14, "on")) == ["The cat", "cat sat", "on"]
    with pytest.raises(DamagedFile, match=r"from 0 to 7 stands “The cat”, not “A dog”"):
        place((0, 7, "A dog"))
    with pytest.raises(DamagedFile, match=r"cats.pdf: end 5,000 is behind its \d+ characters"):
        place((0, 5000))


def test_what_is_not_there_is_named():
    with pytest.raises(DamagedFile) as caught:
        place("cat", "The cow " + "sat on the mat and " * 50)
    assert "cats.pdf" in str(caught.value)
    assert "“The cow sat on the mat" in str(caught.value)
    assert "…”" in str(caught.value)
    assert "“Who?”" in str(caught.value)
    with pytest.raises(DamagedFile, match="not in it"):
        place("cat(", page=1)


def test_a_scan_says_that_it_needs_ocr():
    scan = Document("id", "scan.pdf", "pdf", "", (page(1, 0, 0),), Health(pages=1, words=0))
    with pytest.raises(DamagedFile, match="needs OCR"):
        locate(Question("q", "scan.pdf", (Quote(None, None, "cat"),)), scan)


# --- writing

WORDS = st.text(min_size=1).map(str.strip).filter(bool)
OFFSETS = st.tuples(st.integers(0, 999), st.integers(1, 999)).map(lambda one: (one[0], one[0] + one[1]))
QUOTES = st.one_of(
    WORDS.map(lambda text: Quote(None, None, text)),
    OFFSETS.map(lambda one: Quote(*one)),
    st.tuples(OFFSETS, WORDS).map(lambda one: Quote(*one[0], one[1])),
)
QUESTIONS = st.builds(
    Question,
    question=WORDS,
    document=WORDS,
    quotes=st.lists(QUOTES, min_size=1, max_size=3).map(tuple),
    page=st.none() | st.integers(1, 99),
    answer=st.text().map(str.strip),
    answerable=st.booleans(),
)


@given(st.lists(QUESTIONS, min_size=1, max_size=4))
def test_what_is_written_reads_back_the_same(tmp_path_factory, questions):
    path = tmp_path_factory.getbasetemp() / "written.jsonl"
    path.write_text(to_jsonl(questions), "utf-8", newline="")
    assert read_questions(path) == questions


def test_half_a_character_and_line_separators_survive():
    odd = Question("a\u2028b\x85c\ud800d", "d", (Quote(1, 2),))
    line = to_jsonl([odd])
    assert line.count("\n") == 1
    line.encode()
    assert json.loads(line)["question"] == odd.question


def test_nothing_is_written_for_no_questions():
    assert to_jsonl([]) == ""
