"""Recipes compared on labelled questions: how much of the quoted text would an answer get to read?

All documents of a set of questions form one collection, as in Chroma's evaluation, so that a passage of the wrong
document costs what it costs in use. Retrieval is :func:`pipelines.retrieval.rank`, the same that answers people.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING

from pipelines.errors import DamagedFile, UsageError
from pipelines.evaluation import levels, spans
from pipelines.evaluation.asking import Answer, Asked, Desk
from pipelines.evaluation.bootstrap import Interval, interval, paired, randomisation
from pipelines.evaluation.questions import Question, locate
from pipelines.evaluation.spans import Range, Retrieved
from pipelines.loading.document import Document
from pipelines.recipe import Recipe
from pipelines.scratch import Scratch, Work

if TYPE_CHECKING:
    from pipelines.chunking.base import Span

BUDGET = 4000


@dataclass(frozen=True)
class Row:
    """What one recipe scored. What is told by question is in the order of :func:`answerable`."""

    recipe: Recipe
    per_question: tuple[Mapping[str, float], ...]  # spans.METRICS, then levels.metrics
    retrieved: tuple[tuple[Retrieved, ...], ...]  # what an answer would read, best first, with documents' ids
    metrics: Mapping[str, Interval]
    p50_ms: float  # of one question: embedding, lists, fusion, reranking
    p95_ms: float
    chunks: int
    vectors: int
    mean_tokens: float  # of a chunk, in ``unit``
    unit: str
    cutting_s: float
    embedding_s: float  # and storing; next to nothing where the vectors were known
    notes: tuple[str, ...] = ()  # what a person should know of the cuts
    seconds: tuple[float, ...] = ()  # of each question, what p50_ms and p95_ms sum up

    def difference(self, baseline: Row, names: Iterable[str] | None = None) -> dict[str, Interval]:
        """This row's metrics minus the baseline's, paired by question; within noise where the interval holds 0.

        Of rows with another k, ``precision@5`` and ``precision@10`` are two metrics: those both have are compared.

        Args:
            names: Only these, of those both have; each takes 2,000 resamples. None: all.

        Raises:
            ValueError: the two were not asked the same questions.
        """
        return {name: paired(*columns) for name, columns in self._beside(baseline, names).items()}

    def p_values(self, baseline: Row, names: Iterable[str] | None = None) -> dict[str, float]:
        """How likely each difference is between recipes that are alike (:func:`bootstrap.randomisation`).

        Of one comparison each: among several rows, adjust them with :func:`bootstrap.holm`.

        Args:
            names: Only these, of those both have; each takes up to 10,000 swaps. None: all.

        Raises:
            ValueError: the two were not asked the same questions.
        """
        return {name: randomisation(*columns) for name, columns in self._beside(baseline, names).items()}

    def _beside(self, baseline: Row, names: Iterable[str] | None) -> dict[str, tuple[list[float], list[float]]]:
        wanted = self.metrics if names is None else names
        shared = [name for name in wanted if name in self.metrics and name in baseline.metrics]
        return {name: (_column(self, name), _column(baseline, name)) for name in shared}


def answerable(questions: Sequence[Question]) -> list[Question]:
    """The questions that are asked; the others have no quotes to find."""
    return [one for one in questions if one.answerable]


def compare(
    questions: Sequence[Question],
    documents: Mapping[str, Document],
    recipes: Sequence[Recipe],
    scratch: Scratch,
    *,
    budget: int = BUDGET,
    work: Work | None = None,
) -> Iterator[Row]:
    """Ask every question with every recipe.

    Args:
        questions: Those that are not answerable are left out.
        documents: By the name the questions use. All of them form the collection.
        recipes: What to compare; chunker, embedder, retriever and reranker matter here.
        scratch: Keeps cuts, vectors and collections, so that a second run does only what is new.
        budget: Characters read for ``recall_at_budget``. A list that ends before (``depth``) is read whole.
        work: Told where each recipe stands; stops between two questions.

    Returns:
        A row a recipe, each as soon as it is done. ``precision_omega`` leaves parents aside: it takes chunks as
        they are searched, and what is read for one alone.

    Raises:
        UsageError: no question is answerable, or one is about a document that is not there.
        DamagedFile: a quote is not in its document. These before the first row; with any row: EngineError,
        StoreError, Cancelled (earlier rows stay good).
    """
    asked = _placed(answerable(questions), documents)
    collection = list({document.id: document for document in documents.values()}.values())
    return (_row(recipe, asked, collection, scratch, budget, work or Work()) for recipe in recipes)


def _placed(questions: Sequence[Question], documents: Mapping[str, Document]) -> list[Asked]:
    found: list[Asked] = []
    wrong: list[DamagedFile] = []
    for one in questions:
        if one.document not in documents:
            raise UsageError(
                f"There is no document {one.document!r}, which “{one.question[:60]}” is about.",
                f"There is: {', '.join(documents) or 'none'}.",
            )
        document = documents[one.document]
        try:
            ranges = locate(one, document)
            pages = dict.fromkeys(page for start, end in ranges for page in _pages(document, start, end))
            found.append(Asked(one.question, document.id, ranges, tuple(pages)))
        except DamagedFile as error:
            wrong.append(error)
    if wrong:
        others = f" Questions with the same trouble besides it: {len(wrong) - 1}." if len(wrong) > 1 else ""
        raise DamagedFile(wrong[0].message + others, wrong[0].fix)
    if not found:
        raise UsageError("No question can be answered, so there is nothing to find.", "Add questions with quotes.")
    return found


def _row(
    recipe: Recipe, asked: Sequence[Asked], documents: Sequence[Document], scratch: Scratch, budget: int, work: Work
) -> Row:
    import numpy as np

    cuts = {document.id: scratch.cut(document, recipe, work) for document in documents}
    figures = [scratch.figures(document, recipe, work) for document in documents]
    started = perf_counter()
    held = scratch.context(documents, recipe, work)  # its folder lives as long as it does
    context = replace(held, cancel=work.cancel)
    embedding_s = perf_counter() - started
    desk = Desk(recipe, context, scratch.embedder(recipe), budget)
    answers = desk.ask_all(asked, work)
    chunks = {id: [(_ends(one.span), _ends(one.read)) for one in made.chunks] for id, made in cuts.items()}
    by_id = {document.id: document for document in documents}
    scores = tuple(
        _scores(one, answer, chunks[one.document], budget) | _ranked(one, answer, by_id, desk.params.k)
        for one, answer in zip(asked, answers, strict=True)
    )
    sizes = [size for one in figures for size in one.sizes]
    seconds = desk.seconds(answers, lambda: scratch.query_seconds(recipe, [one.text for one in asked]))
    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return Row(
        recipe=recipe,
        per_question=scores,
        retrieved=tuple(answer.read for answer in answers),
        metrics={name: interval([one[name] for one in scores]) for name in scores[0]},
        p50_ms=float(p50),
        p95_ms=float(p95),
        chunks=len(sizes),
        vectors=sum(one.vectors for one in figures),
        mean_tokens=sum(sizes) / len(sizes) if sizes else 0.0,
        unit=figures[0].unit,
        cutting_s=sum(made.seconds for made in cuts.values()),
        embedding_s=embedding_s,
        notes=tuple(f"{document.name}: {note}" for document in documents for note in cuts[document.id].notes),
        seconds=tuple(seconds),
    )


def _scores(asked: Asked, answer: Answer, chunks: Sequence[tuple[Range, Range]], budget: int) -> dict[str, float]:
    where = asked.document, asked.references
    return {
        "recall": spans.recall(answer.read, *where),
        "precision": spans.precision(answer.read, *where),
        "precision_omega": spans.precision_omega(chunks, asked.references),
        "iou": spans.iou(answer.read, *where),
        "hit_at_k": spans.hit_at_k(answer.read, *where),
        "recall_at_budget": spans.recall_at_budget(answer.to_budget, *where, budget),
    }


def _ranked(asked: Asked, answer: Answer, documents: Mapping[str, Document], k: int) -> dict[str, float]:
    """Metrics of ranking: what is read, then what else was found."""
    read, found = ([_passage(one, documents) for one in some] for some in (answer.read, answer.found))
    wanted = levels.Wanted(asked.document, asked.references, asked.pages)
    return levels.metrics(levels.in_order(read, found), wanted, k)


def _passage(one: Retrieved, documents: Mapping[str, Document]) -> levels.Passage:
    id, start, end = one
    return levels.Passage(id, start, end, _pages(documents[id], start, end) if id in documents else ())


def _pages(document: Document, start: int, end: int) -> tuple[int, ...]:
    """Physical numbers of the pages a range touches."""
    return tuple(page.number for page in document.pages_of(start, end)) if document.pages else ()


def _ends(span: Span) -> Range:
    return span.start, span.end


def _column(row: Row, name: str) -> list[float]:
    return [one[name] for one in row.per_question]
