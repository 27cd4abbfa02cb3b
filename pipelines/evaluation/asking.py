"""One recipe asked all questions: what an answer would get to read, and how long finding it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipelines.errors import EngineRefused
from pipelines.evaluation.spans import Range, Retrieved
from pipelines.indexing import Pace
from pipelines.recipe import Recipe
from pipelines.retrieval import look_up, rank, read_of
from pipelines.retrieval.candidates import ListParams, Ranking, RetrievalContext, list_params
from pipelines.retrieval.widen import Passage, merge
from pipelines.scratch import Work

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder
    from pipelines.stores.base import Payload


@dataclass(frozen=True)
class Asked:
    """A question and where the answer stands."""

    text: str
    document: str  # its id
    references: tuple[Range, ...]
    pages: tuple[int, ...] = ()  # those the references stand on


@dataclass(frozen=True)
class Answer:
    """What was found for one question."""

    read: tuple[Retrieved, ...]  # with the recipe's k
    to_budget: tuple[Retrieved, ...]  # until the budget is used up
    found: tuple[Retrieved, ...]  # every passage before parents took the place of their pieces
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Desk:
    """Where one recipe's questions are asked. Payloads are fetched once for all of them."""

    recipe: Recipe
    context: RetrievalContext
    embedder: Embedder
    budget: int
    payloads: dict[str, Payload] = field(default_factory=dict)

    @property
    def params(self) -> ListParams:
        """The retriever's knobs."""
        return list_params(self.recipe)

    def ask_all(self, asked: Sequence[Asked], work: Work) -> list[Answer]:
        """Ask one after the other, as people do."""
        progress = Pace("questions", work.on_progress, work.cancel).stage("asking", len(asked))
        self._rank(asked[0].text)  # weights and caches are ready before the clock runs
        answers: list[Answer] = []
        for one in asked:
            progress(len(answers))
            answers.append(self._ask(one.text))
        progress(len(answers))
        return answers

    def seconds(self, answers: Sequence[Answer], usual: Callable[[], float]) -> list[float]:
        """Of each question. Its vector may come from the cache: a fresh one's ``usual`` time stands in its place."""
        embedding = usual() if "embed" in answers[0].seconds else 0.0
        cached = (one.seconds.get("embed", 0.0) for one in answers)
        return [sum(one.seconds.values()) - known + embedding for one, known in zip(answers, cached, strict=True)]

    def _ask(self, question: str) -> Answer:
        ranking = self._rank(question)
        found = look_up(ranking, self.params, self.context, self.payloads)
        read = read_of(found, self.params)
        to_budget = _to_budget(found, self.params.merge_at, self.budget)
        return Answer(_places(read), to_budget, _places(found), ranking.seconds)

    def _rank(self, question: str) -> Ranking:
        try:
            return rank(question, self.recipe, self.context)
        except EngineRefused as error:
            tokens = self.embedder.ruler.count(question)
            if tokens <= self.embedder.window:
                raise
            raise EngineRefused(
                f"The question “{question[:60]}…” has {tokens:,} tokens; {self.embedder.label} reads at most "
                f"{self.embedder.window:,}.",
                "Shorten it.",
            ) from error


def _to_budget(found: Sequence[Passage], merge_at: float, budget: int) -> tuple[Retrieved, ...]:
    """As few of the first passages, merged, as use up the budget."""
    taken: tuple[Retrieved, ...] = ()
    for count in range(1, len(found) + 1):
        taken = _places(merge(found[:count], merge_at))
        if sum(end - start for _, start, end in taken) >= budget:
            break
    return taken


def _places(read: Sequence[Passage]) -> tuple[Retrieved, ...]:
    return tuple((one.document_id, *one.read) for one in read)
