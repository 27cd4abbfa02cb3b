"""A table of 100,000 runs: ``python -m tests.benchmarks.runs``.

A few hundred real runs of every kind are kept through the store, then copied to 100,000 in one transaction. What the
Runs tab, monitoring and the command line do is timed, and told as a ratio to the plainest query that reads the same
rows with nothing around it. The bound is 300 ms a step.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from pipelines.recipe import Recipe
from pipelines.runs.comparing import compare
from pipelines.runs.filter import Filter
from pipelines.runs.measured import pack
from pipelines.runs.monitoring import monitored
from pipelines.runs.run import Begun, Ended, Kind
from pipelines.runs.store import Runs
from playground.runs.state import PAGE, Looking
from playground.views import run as run_view
from playground.views import run_pair
from playground.views import runs as views
from playground.views.monitoring import monitoring

RUNS, REAL, BOUND_MS, TIMES = 100_000, 500, 300, 7

#: How often each kind is seen in use.
_KINDS: tuple[Kind, ...] = ("ask",) * 8 + ("search",) * 5 + ("sample",) * 3 + ("chunk", "chunk", "read", "index")
_MODELS = ("qwen3:4b", "llama3.2:3b", "smollm2:135m", "gemma3:4b")

_COPY = """
insert into run (id, batch, kind, origin, began, state, process, documents, question, recipe, summary, engine, model,
                 seconds, numbers, error, name, note, starred, bytes, measured)
select lower(hex(randomblob(6))), lower(hex(randomblob(6))), kind, origin, :began + number * 26.0, state, process,
       documents, question || ' ' || (abs(random()) % 9973), recipe, summary, engine, model, seconds, numbers, error,
       name, note, starred, bytes, packed(:began + number * 26.0, numbers)
from run where number <= :real
"""


def hit(draw: Random, document: str, rank: int, text: str) -> dict[str, Any]:
    """A passage as a search keeps it."""
    scores = {
        stage: {"rank": draw.randint(1, 20), "score": draw.random()} for stage in ("semantic", "keyword", "fused")
    }
    start = 900 * draw.randint(0, 40)
    place = {"document": document, "page": rank, "start": start, "end": start + 1000}
    return {"rank": rank, "score": 1 / rank, "scores": scores, "text": text, **place}


def one(draw: Random, vocabulary: list[str]) -> tuple[Begun, Ended]:
    """A run as people make them: a question of ten words, five passages of a thousand characters, an answer."""

    def words(many: int) -> str:
        return " ".join(draw.choices(vocabulary, k=many))

    kind = draw.choice(_KINDS)
    recipe = Recipe().with_("retriever", k=draw.randint(2, 12), alpha=draw.choice((0.3, 0.5, 0.7)))
    document = f"report-{draw.randint(1, 40)}.pdf"
    hits = [hit(draw, document, rank, words(160)) for rank in range(1, 6)]
    begun = Begun(kind, recipe.to_json(), words(10), (document,), {"documents": [document]}, "chat")
    failed = draw.random() < 0.03
    modelled = kind in ("ask", "sample")
    numbers = {"seconds": draw.uniform(0.1, 20), "hits": 5.0, "search_s": draw.uniform(0.01, 0.3)}
    if modelled:
        numbers |= {"ttft_s": draw.lognormvariate(-1, 1), "tokens_per_s": draw.uniform(8, 40), "left_out": 0.0}
        numbers |= {"prompt_tokens": draw.randint(200, 4000), "completion_tokens": draw.randint(10, 500)}
    if kind == "index":
        numbers |= {"embedded": 120.0, "cached": float(draw.randint(0, 120))}
    if kind == "search":
        numbers |= {"remembered": draw.random()}
    ended = Ended(
        "failed" if failed else "done", numbers=numbers, seconds=numbers["seconds"],
        outputs={"answer": words(80), "hits": hits}, error="It broke." if failed else "",
    )  # fmt: skip
    if modelled:
        ended = replace(ended, engine="ollama", engine_version="0.32.1", model=draw.choice(_MODELS), digest="sha256:1")
    return begun, ended


def fill(path: Path) -> None:
    """Write the table."""
    draw = Random(7)
    vocabulary = ["".join(draw.choices("abcdefghijklmnoprstuvwyz", k=draw.randint(3, 9))) for _ in range(4000)]
    runs = Runs(path)
    for _ in range(REAL):
        runs.add(*one(draw, vocabulary))
    for run in runs.find(limit=5):
        runs.change(run.id, starred=True)
    runs.close()
    with sqlite3.connect(path) as db:
        db.create_function("packed", 2, lambda began, numbers: pack(began, json.loads(numbers)))
        for copy in range(1, RUNS // REAL):
            db.execute(_COPY, {"began": time.time() - 30 * 86_400 + copy * REAL * 26.0, "real": REAL})
        db.execute(
            "insert into detail (run, inputs, outputs, versions) select r.number, d.inputs, d.outputs, d.versions "
            "from run r join detail d on d.run = (r.number - 1) % ? + 1 where r.number > ?",
            (REAL, REAL),
        )
        db.execute(
            "insert into words (rowid, told, named) select r.number, w.told || ' ' || r.question, '' from run r "
            "join words w on w.rowid = (r.number - 1) % ? + 1 where r.number > ?",
            (REAL, REAL),
        )


def milliseconds(work: Callable[[], Any]) -> float:
    """The median of several times."""
    taken = []
    for _ in range(TIMES):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


Step = tuple[str, Callable[[], Any], Callable[[], Any]]  # its name, ours, the plainest query


def lists(runs: Runs, bare: sqlite3.Connection) -> list[Step]:
    """What the Runs tab and the command line ask."""

    def sql(query: str, *values: Any) -> Callable[[], Any]:
        return lambda: bare.execute(query, values).fetchall()

    page, matched = "select * from run order by number desc limit 50", "select count(*) from words where words match ?"
    middle = runs.find(limit=1, offset=RUNS // 2)[0].id
    word = runs.get(middle).question.split()[0]
    opened = sql("select * from run where id = ?", middle)
    filters = {
        "one kind": (Filter(kinds=("ask",)), sql("select count(*) from run where kind = 'ask'")),
        "one model": (Filter(model=_MODELS[0]), sql("select count(*) from run where model = ?", _MODELS[0])),
        "one document": (Filter(document="report-7.pdf"), sql("select count(documents) from run")),
        "a word": (Filter(text=word), sql(matched, word)),
        "two letters": (Filter(text=word[:2]), sql(matched, f"{word[:2]}*")),
        "one letter": (Filter(text=word[:1]), sql(matched, f"{word[:1]}*")),
        "stars": (Filter(starred=True), sql("select count(*) from run where starred")),
    }
    steps: list[Step] = [("the list", runs.find, sql(page)), ("counted", runs.count, sql("select count(*) from run"))]
    for name, (which, count) in filters.items():
        steps.append((f"the list, {name}", lambda which=which: runs.find(which), sql(page)))
        steps.append((f"counted, {name}", lambda which=which: runs.count(which), count))
    return [
        *steps,
        ("a page in the middle", lambda: runs.find(offset=RUNS // 2), sql(f"{page} offset ?", RUNS // 2)),
        ("models to choose from", lambda: runs.values("model"), sql("select distinct model from run")),
        ("documents to choose from", lambda: runs.values("documents"), sql("select distinct documents from run")),
        ("one opened", lambda: (runs.get(middle), runs.details(middle)), opened),
        ("one by its beginning", lambda: runs.get(middle[:9]), opened),
        ("two opened", lambda: [runs.details(run.id) for run in runs.find(limit=2)], opened),
    ]


def shown(runs: Runs, bare: sqlite3.Connection) -> list[Step]:
    """The markup that the tab sends: the table, a run opened, two compared."""

    def sql(query: str, *values: Any) -> list[Any]:
        return bare.execute(query, values).fetchall()

    page, detail = f"select * from run order by number desc limit {PAGE}", "select * from detail where run > ?"
    found = runs.find(Filter(kinds=("ask",)), 2, RUNS // 10)
    one, two = (partial(sql, detail, RUNS - many) for many in (1, 2))

    def table() -> str:
        now = Looking(text="a")
        return str(views.table(now, views.Listed(runs.find(now.filter, PAGE), runs.count(now.filter), runs.count())))

    def pair() -> str:
        return str(run_pair.pair(*found, compare(*((run, runs.details(run.id)) for run in found))))

    return [
        ("the table, as markup", table, partial(sql, page)),
        ("one opened, as markup", lambda: str(run_view.opened(found[0], runs.details(found[0].id))), one),
        ("two compared, as markup", pair, two),
    ]


def rest(runs: Runs, bare: sqlite3.Connection) -> list[Step]:
    """Writing, and monitoring."""
    day = time.time() - 86_400

    def read(since: float) -> Callable[[], Any]:
        query = "select kind, model, count(*), sum(length(measured)) from run where began >= ? group by kind, model"
        return lambda: bare.execute(query, (since,)).fetchall()

    def write() -> None:
        with bare:
            bare.execute("update run set note = '' where number = 1")

    return [
        ("one more kept", lambda: runs.add(*one(Random(1), ["some", "words"])), write),
        ("one deleted", lambda: runs.delete([runs.find(limit=1)[0].id]), write),
        ("bytes in use", runs.size, lambda: bare.execute("select sum(bytes) from run").fetchall()),
        ("monitoring, a day", lambda: str(monitoring(monitored(runs.measured(day), day))), read(day)),
        ("monitoring, all", lambda: str(monitoring(monitored(runs.measured()))), read(0)),
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.sqlite"
        fill(path)
        runs, bare = Runs(path), sqlite3.connect(path)
        print(f"\n{RUNS:,} runs, {path.stat().st_size / 1e6:,.0f} MB, medians of {TIMES}")
        print(f"{'':28}{'ms':>9}{'bare ms':>10}{'ratio':>9}")
        slow = []
        for name, work, plain in lists(runs, bare) + shown(runs, bare) + rest(runs, bare):
            taken, base = milliseconds(work), milliseconds(plain)
            print(f"{name:28}{taken:9.2f}{base:10.2f}{taken / base:9.1f}")
            slow += [name] if taken > BOUND_MS else []
        print(f"over {BOUND_MS} ms: {', '.join(slow) or 'none'}")
        runs.close()
        bare.close()


if __name__ == "__main__":
    main()
