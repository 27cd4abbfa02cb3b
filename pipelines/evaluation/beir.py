"""Recipes on public collections: is our retrieval as good as what others publish?

A document is one BM25 unit; its vectors are those of its pieces, the best of which counts; documents are
ranked. Retrieval itself is :func:`pipelines.retrieval.rank`, the same that answers people's questions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event as CancelFlag
from time import perf_counter
from typing import TYPE_CHECKING, Any

from pipelines.embedding.models import Embedders
from pipelines.embedding.pieces import pieces
from pipelines.errors import Cancelled, UsageError
from pipelines.evaluation import beir_files
from pipelines.evaluation.beir_corpus import BeirCorpus, OnProgress
from pipelines.evaluation.bootstrap import interval
from pipelines.evaluation.ranking import all_metrics
from pipelines.retrieval import rank
from pipelines.retrieval.aids import Aids
from pipelines.retrieval.candidates import Candidate, ListParams, Ranking, RetrievalContext, list_params

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder
    from pipelines.recipe import Recipe
    from pipelines.settings import Settings


def evaluate_beir(
    corpus: Path,
    queries: Path,
    qrels: Path,
    recipes: Sequence[Recipe],
    *,
    settings: Settings,
    embedder: Embedder,
    run_file: Path | None = None,
    on_progress: OnProgress | None = None,
    cancel: CancelFlag | None = None,
) -> dict[str, Any]:
    """Rank the corpus for every judged query, with each recipe's retriever and reranker.

    The corpus is kept in the data folder under its hash; a run that was stopped goes on from there.
    Queries without a relevant document are skipped; a document with a query's id is ranked like others.

    Args:
        corpus: JSON lines with ``_id``, ``title``, ``text``.
        queries: JSON lines with ``_id``, ``text``.
        qrels: Tab-separated query, document, grade, with a header.
        recipes: What to compare; each query is embedded once for all of them.
        settings: Where the corpus is kept.
        embedder: Makes the vectors; not called where all recipes search by keyword.
        run_file: Where rankings go, in TREC's format; of several recipes the second has ``-2`` in its
            name, and so on.
        on_progress: Called with what is being done, how many are done and of how many.
        cancel: Stops the work when set.

    Returns:
        ``{"questions": n, "rows": [{"recipe", "metrics": {name: {"mean", "low", "high"}},
        "latency_ms": {"p50", "p95"}}]}``. Latency is one query's embedding, lists, fusion and reranking.

    Raises:
        DamagedFile: a file cannot be read. UsageError: no query has a relevant document.
        EngineError, StoreError, Cancelled.
    """
    judged = {query: grades for query, grades in beir_files.read_qrels(qrels).items() if max(grades.values()) > 0}
    asked = {id: text for id, text in beir_files.read_queries(queries).items() if id in judged}
    if not asked:
        raise UsageError(f"No query of {queries} has a relevant document in {qrels}.", "Do the files belong together?")
    documents = beir_files.read_corpus(corpus)
    with ExitStack() as closed:
        index = closed.enter_context(closing(BeirCorpus(corpus, documents, settings)))
        index.add_documents(documents, cancel)
        vectors = _Queries(embedder)
        store: Any = index.documents
        if any(recipe.choice("retriever").name != "keyword" for recipe in recipes):
            store = index.add_pieces(documents, embedder, on_progress, cancel)
            vectors.embed(asked.values(), on_progress, cancel)
        aids = closed.enter_context(closing(Aids(settings, Embedders(settings).get)))
        context = RetrievalContext(store, index.keywords, vectors.get, aids=aids, cancel=cancel)
        rows = []
        for number, recipe in enumerate(recipes, 1):
            ranked = _rank_all(recipe, asked, context, index.ids, vectors, on_progress, cancel)
            if run_file is not None:
                stages = [str(recipe.choice(name)) for name in ("retriever", "reranker")]
                tag = "+".join(stage for stage in stages if stage != "none").replace(" ", "")
                beir_files.write_run(_numbered(run_file, number), ranked.rankings, tag)
            rows.append(_row(recipe, ranked, judged))
    return {"questions": len(asked), "rows": rows}


@dataclass
class _Queries:
    """Vectors of queries and the seconds each took."""

    embedder: Embedder
    by_text: dict[str, Sequence[float]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def embed(self, texts: Iterable[str], on_progress: OnProgress | None, cancel: CancelFlag | None) -> None:
        """One at a time, as people ask."""
        wanted = list(dict.fromkeys(texts))
        for number, text in enumerate(wanted, 1):
            _check(cancel)
            start = perf_counter()
            self.get(text)
            self.seconds[text] = perf_counter() - start
            if on_progress is not None:
                on_progress("questions", number, len(wanted))

    def get(self, text: str) -> Sequence[float]:
        """A text's vector, embedded once; of a text over the window the mean of its pieces."""
        import numpy as np

        if text not in self.by_text:
            parts = pieces(text, self.embedder.ruler, self.embedder.window) or [text]
            mean = np.mean(self.embedder.embed(parts, "query"), axis=0)
            self.by_text[text] = (mean / (np.linalg.norm(mean) or 1.0)).tolist()
        return self.by_text[text]


@dataclass(frozen=True)
class _Ranked:
    """Of each query: documents with scores, best first; and the seconds it took."""

    rankings: Mapping[str, Sequence[tuple[str, float]]]
    seconds: Sequence[float]


def _rank_all(
    recipe: Recipe,
    asked: Mapping[str, str],
    context: RetrievalContext,
    ids: Mapping[str, str],
    vectors: _Queries,
    on_progress: OnProgress | None,
    cancel: CancelFlag | None,
) -> _Ranked:
    params = list_params(recipe)
    rank(next(iter(asked.values())), recipe, context)  # weights and caches are ready before the clock runs
    rankings, seconds = {}, []
    for number, (id, text) in enumerate(asked.items(), 1):
        _check(cancel)
        ranking = rank(text, recipe, context)
        rankings[id] = [(ids[one.id], score) for one, score in _descending(ranking, params)]
        embedding = vectors.seconds.get(text, 0.0) if "embed" in ranking.seconds else 0.0
        seconds.append(embedding + sum(ranking.seconds.values()))
        if on_progress is not None:
            on_progress("ranking", number, len(asked))
    return _Ranked(rankings, seconds)


def _descending(ranking: Ranking, params: ListParams) -> list[tuple[Candidate, float]]:
    """Candidates with scores for a run file, which others sort by score alone: what a reranker did not look at
    follows a hair apart.
    """
    kept = [(one, one.score) for one in ranking.candidates if params.keeps(one.score)]
    if params.threshold is not None:
        return kept
    lowest = kept[-1][1] if kept else 0.0
    return kept + [(one, lowest - 1e-6 * at) for at, one in enumerate(ranking.unread, 1)]


def _row(recipe: Recipe, ranked: _Ranked, judged: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    import numpy as np

    params = list_params(recipe)
    scored = [
        all_metrics([document for document, _ in ranking], judged[query], params.k)
        for query, ranking in ranked.rankings.items()
    ]
    metrics = {name: vars(interval([one[name] for one in scored])) for name in scored[0]}
    p50, p95 = np.percentile(np.asarray(ranked.seconds) * 1000, [50, 95])
    return {
        "recipe": recipe.model_dump(mode="json"),
        "metrics": metrics,
        "latency_ms": {"p50": round(float(p50), 3), "p95": round(float(p95), 3)},
    }


def _numbered(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _check(cancel: CancelFlag | None) -> None:
    if cancel is not None and cancel.is_set():
        raise Cancelled
