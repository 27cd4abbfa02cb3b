"""Labelled questions: what is asked, and the exact words of which document answer it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import DamagedFile
from pipelines.evaluation.question_files import Row, rows
from pipelines.evaluation.spans import Range
from pipelines.loading.document import Document

_SURROGATE = re.compile("[\ud800-\udfff]")  # half a character: JSON can spell it, UTF-8 cannot hold it


@dataclass(frozen=True)
class Quote:
    """An answer's exact words, their place in the document's text (characters), or both."""

    start: int | None
    end: int | None
    text: str = ""


@dataclass(frozen=True)
class Question:
    """A question and where its answer stands. Those that are not answerable have no quotes."""

    question: str
    document: str = ""
    quotes: tuple[Quote, ...] = ()
    page: int | None = None  # physical, from 1
    answer: str = ""
    answerable: bool = True


# reading -------------------------------------------------------------------------------------------------


def read_questions(path: Path) -> list[Question]:
    """Questions of a file: YAML or JSON (a list), JSON lines, CSV.

    Fields: ``question``, ``document``, ``quote`` or ``quotes`` (text, or a list), ``start`` and ``end`` (offsets in
    characters, or lists of them) beside the quotes or in their place, ``page``, ``answer``, ``answerable``.
    Chroma's ``references`` and ``corpus_id`` are read too; other fields are passed over.

    Raises:
        DamagedFile: names the file, the row and what to do; also where there is no question at all.
        UsageError: not a kind of file questions are read from.
    """
    return questions_of(rows(path), str(path))


def questions_of(rows: Iterable[Row], source: str) -> list[Question]:
    """Questions of rows with the fields of :func:`read_questions`.

    Args:
        rows: Where each stands, for people, and its fields.
        source: Where they are from, for messages.

    Raises:
        DamagedFile: names the source, the row and what to do; also where there is no question at all.
    """
    found = []
    for place, row in rows:
        try:
            found.append(_question(row))
        except _Wrong as error:
            raise DamagedFile(f"{source}, {place}: {error}", error.fix) from error
    if not found:
        raise DamagedFile(f"{source} holds no question.", "It needs the fields question, document and quote.")
    return found


class _Wrong(Exception):
    """A field that does not fit, and what to do."""

    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def _question(row: Mapping[str, Any]) -> Question:
    question, answer = (_text(row.get(name), name).strip() for name in ("question", "answer"))
    if not question:
        raise _Wrong("there is no question.", "Its field is called question.")
    document = _text(row.get("document") or row.get("corpus_id"), "document").strip()
    answerable = _flag(row.get("answerable"))
    quotes = _quotes(row)
    if answerable and not document:
        raise _Wrong("the question names no document.", "Name its file in the field document.")
    if answerable and not quotes:
        raise _Wrong("the question has no quote.", "Give the answer's exact words (quote), or write answerable: false.")
    return Question(question, document, quotes, _number(row.get("page"), "page"), answer, answerable)


def _quotes(row: Mapping[str, Any]) -> tuple[Quote, ...]:
    texts, starts, ends = (_listed(row.get(name)) for name in ("quotes", "start", "end"))
    texts = texts or _listed(row.get("quote"))
    if references := _listed(row.get("references")):
        if not all(isinstance(one, Mapping) for one in references):
            raise _Wrong("references is not a JSON list of objects.", "Each has content, start_index, end_index.")
        texts, starts, ends = ([one.get(n) for one in references] for n in ("content", "start_index", "end_index"))
    count = max(len(texts), len(starts), len(ends))
    if any(len(one) not in (0, count) for one in (texts, starts, ends)) or (not starts) != (not ends):
        raise _Wrong(f"{len(texts)} quotes, {len(starts)} starts, {len(ends)} ends.", "Give as many of each, or none.")
    columns = (texts or [""] * count, starts or [None] * count, ends or [None] * count)
    return tuple(_quote(*one) for one in zip(*columns, strict=True))


def _quote(text: Any, start: Any, end: Any) -> Quote:
    made = Quote(_number(start, "start"), _number(end, "end"), _text(text, "quote"))
    if (made.start is None) != (made.end is None):
        raise _Wrong("a quote has a start or an end, but not both.", "Give both, or only its text.")
    if made.start is not None and made.end is not None and made.start >= made.end:
        raise _Wrong(f"a quote from {made.start} to {made.end} is empty.", "end is one behind its last character.")
    if made.start is None and not made.text.strip():
        raise _Wrong("a quote is empty.", "Give the answer's exact words.")
    return made


def _listed(value: Any) -> list[Any]:
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str | int | float):
        raise _Wrong(f"{name} is not text.", "Write one text.")
    return str(value)


def _number(value: Any, name: str) -> int | None:
    """A whole number, from 0; spreadsheets write it as 3.0 too."""
    text = _text(value, name).strip()
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,12})(?:\.0+)?", text)
    if found is None:
        raise _Wrong(f"{name} is {_short(text)}, not a whole number.", "Write digits only.")
    return int(found[1])


def _flag(value: Any) -> bool:
    word = _text(value, "answerable").strip().lower()
    if word not in _FLAGS:
        raise _Wrong(f"answerable is {_short(word)}.", "Write true or false.")
    return _FLAGS[word]


_FLAGS = {"": True, "true": True, "yes": True, "1": True, "1.0": True,
          "false": False, "no": False, "0": False, "0.0": False}  # fmt: skip


# placing -------------------------------------------------------------------------------------------------


def locate(question: Question, document: Document) -> tuple[Range, ...]:
    """The ranges of a document's text that its quotes are, in their order.

    Offsets are taken as given where they fit the text and the quote. A quote alone is looked for word for word,
    then with white space of any kind where it has some (a PDF's lines end where they end); on the question's
    page first, then in the whole document, whose first place counts.

    Raises:
        DamagedFile: a quote is not there.
    """
    return tuple(_place(quote, question, document) for quote in question.quotes)


def _place(quote: Quote, question: Question, document: Document) -> Range:
    text = document.text
    if quote.start is not None and quote.end is not None:
        if quote.end > len(text):
            raise _missing(f"end {quote.end:,} is behind its {len(text):,} characters", question, document)
        there = text[quote.start : quote.end]
        if quote.text and there.split() != quote.text.split():
            why = f"from {quote.start:,} to {quote.end:,} stands {_short(there)}, not {_short(quote.text)}"
            raise _missing(why, question, document)
        return quote.start, quote.end
    pages = [(page.start, page.end) for page in document.pages if page.number == question.page]
    found = next(filter(None, (_find(quote.text, text, *scope) for scope in (*pages, (0, len(text))))), None)
    if found is None:
        raise _missing(f"the quote {_short(quote.text)} is not in it", question, document)
    return found


def _find(quote: str, text: str, start: int, end: int) -> Range | None:
    """Where a quote begins between two places, its end wherever it is."""
    at = text.find(quote, start, end + len(quote) - 1)
    if at >= 0:
        return at, at + len(quote)
    loose = re.compile(r"\s+".join(map(re.escape, quote.split()))).search(text, start)
    return loose.span() if loose and loose.start() < end else None


def _missing(why: str, question: Question, document: Document) -> DamagedFile:
    fix = "Copy the quote from the text as it is read (playground chunk shows it)."
    if document.health.needs_ocr:
        fix = "The file has no text: it needs OCR."
    return DamagedFile(f"{document.name}: {why}. The question is {_short(question.question)}.", fix)


def _short(text: str, most: int = 60) -> str:
    words = " ".join(text[: 4 * most].split())
    return f"“{words}”" if len(words) <= most else f"“{words[:most].rstrip()}…”"


# writing -------------------------------------------------------------------------------------------------


def to_jsonl(questions: Iterable[Question]) -> str:
    """The questions as JSON lines that :func:`read_questions` reads back; ends with a line break."""
    lines = [json.dumps(_fields(one), ensure_ascii=False) + "\n" for one in questions]
    return _SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", "".join(lines))


def _fields(question: Question) -> dict[str, Any]:
    quotes = question.quotes
    fields = {
        "question": question.question,
        "document": question.document,
        "page": question.page,
        "quotes": [quote.text for quote in quotes] if any(quote.text for quote in quotes) else None,
        "start": [quote.start for quote in quotes] if any(quote.start is not None for quote in quotes) else None,
        "end": [quote.end for quote in quotes] if any(quote.start is not None for quote in quotes) else None,
        "answer": question.answer,
        "answerable": None if question.answerable else False,
    }
    return {name: value for name, value in fields.items() if value not in (None, "")}
