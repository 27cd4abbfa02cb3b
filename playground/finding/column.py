"""One column of the retrieval lab: one recipe asked the question on lists that all columns share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from threading import Event as CancelFlag

from pipelines.errors import Cancelled, PlaygroundError
from pipelines.events import IndexProgress
from pipelines.indexing import Pace
from pipelines.loading.page_numbers import page_numbers
from pipelines.recipe import Recipe
from pipelines.retrieval import rank, read
from pipelines.retrieval.base import Hit
from pipelines.retrieval.candidates import ListParams, Ranking, RetrievalContext, Stopwatch, list_params
from pipelines.retrieval.remembering import Fetched, remembering
from playground.answers import paced
from playground.background import patiently
from playground.finding.state import Finding
from playground.services import Services
from playground.turn import Turn, fold

#: Seconds between two looks at an answer as it grows.
_PACE = 0.25


@dataclass(frozen=True)
class Found:
    """What one recipe found. ``ranking`` None: it is still searching, or failed."""

    recipe: Recipe
    ranking: Ranking | None = None
    hits: tuple[Hit, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()  # stages whose result another column had fetched
    turn: Turn | None = None  # its answer, where one is wanted
    error: PlaygroundError | None = None
    progress: IndexProgress | None = None
    stopped: bool = False

    @property
    def params(self) -> ListParams:
        """The retriever's knobs."""
        return list_params(self.recipe)


def asked_in(services: Services, lab: Finding, recipe: Recipe) -> tuple[RetrievalContext, Fetched]:
    """Where the question is asked: the library's own collection, with a memory.

    Raises:
        UsageError: a document is gone, a page filter cannot be read. EngineError, StoreError.
    """
    context = services.library.context(recipe, lab.documents or None, page_numbers(lab.pages))
    held = tuple(f"{one.id}:{one.chunks}" for one in services.library.documents(recipe))
    fetched = services.lists.of(lab.asked, recipe, (*held, "|", *lab.documents), lab.pages)
    return remembering(context, fetched), fetched


def search(
    recipe: Recipe, lab: Finding, context: RetrievalContext, fetched: Fetched, flag: CancelFlag
) -> Iterator[Found]:
    """Ask one recipe: searching, if that takes a while, then what it found. What fails is told in its column.

    Raises:
        Cancelled: a newer wish took over, or a person stopped it.
    """
    found = Found(recipe)
    done: list[Found] = []
    if takes_long(recipe):
        yield found

    def work(report: Callable[[IndexProgress], None]) -> None:
        pace = Pace(str(recipe.choice("reranker").name), report, flag)
        stages: dict[int, Callable[[int], None]] = {}

        def on_step(count: int, total: int) -> None:
            stages.setdefault(total, pace.stage("asking", total))(count)

        done.append(_asked(found, lab.asked, replace(context, cancel=flag, on_step=on_step), fetched))

    try:
        for step in patiently(work, flag):
            yield replace(found, progress=step)
        yield done[0]
    except Cancelled:
        raise
    except PlaygroundError as error:
        yield replace(found, error=error)


def takes_long(recipe: Recipe) -> bool:
    """Whether a model reads or writes for this search, so that a person should see that it works."""
    return recipe.choice("reranker").name != "none" or recipe.choice("retriever").name in ("hyde", "multi-query")


def _asked(found: Found, question: str, context: RetrievalContext, fetched: Fetched) -> Found:
    before, watch = dict(fetched.fetches), Stopwatch()
    ranking = rank(question, found.recipe, context)
    with watch("payloads"):
        hits = read(ranking, found.params, context)
    shared = {stage for stage in ranking.seconds if stage in before and before[stage] == fetched.fetches[stage]}
    own = {stage: fetched.seconds[stage] if stage in shared else taken for stage, taken in ranking.seconds.items()}
    return replace(found, ranking=ranking, hits=hits, seconds={**own, **watch.seconds}, shared=frozenset(shared))


def answered(services: Services, lab: Finding, found: Found, flag: CancelFlag) -> Iterator[Found]:
    """The column with its answer, as it grows."""
    turn, due = Turn(lab.asked), paced(_PACE)
    pages = page_numbers(lab.pages)
    events = services.library.ask(lab.asked, found.recipe, documents=lab.documents or None, pages=pages, cancel=flag)
    for event in events:
        turn = fold(turn, event)
        if flag.is_set():
            raise Cancelled
        if due():
            yield replace(found, turn=turn)
    yield replace(found, turn=turn)
