"""What ``sample`` says to people: texts as they come, and how much they vary."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from playground.cli.console import Progress, clean, one_line, table

if TYPE_CHECKING:
    from rich.console import Console

    from pipelines.evaluation.variety import Variety
    from pipelines.samples import Sample

#: Knobs that a line of settings leaves out while they are nobody's choice.
_USUAL = ("recipe", "server default")


class Teller:
    """Writes texts to stdout as they come (``live``), or where things stand to stderr."""

    def __init__(self, progress: Progress, live: bool) -> None:
        self._progress, self._live = progress, live
        self._title = ""
        self._written = 0

    def begin(self, title: str, values: Mapping[str, tuple[Any, str]]) -> None:
        """A column begins."""
        self._title = title
        set_values = [f"{name} {_shown(value)}" for name, (value, origin) in values.items() if origin not in _USUAL]
        self._say(f"{one_line(title)}\n{one_line(' · '.join(set_values) or 'sampling: as the server does')}\n")

    def follow(self, sample: Sample, number: int, of: int) -> None:
        """A sample has grown."""
        text = sample.text[self._written :]
        if self._live and text:
            self._written = len(sample.text)
            self._say(clean(text))
        elif not self._written:
            place = f" · text {number} of {of}" if of > 1 else ""
            doing = f"{len(sample.tokens)} tokens" if sample.text else "thinking" if sample.thinking else "waiting"
            self._progress.update(f"{self._title}{place} · {doing}")

    def end(self, sample: Sample) -> None:
        """A sample is complete, or as complete as it gets."""
        self._written = 0
        self._say(f"\n[{_facts(sample)}]\n\n")

    def _say(self, text: str) -> None:
        if self._live:
            self._progress.clear()
            sys.stdout.write(text)
            sys.stdout.flush()


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return " ".join(map(repr, value))
    return str(value)


def _facts(sample: Sample) -> str:
    """How a text ended and what it took: "seed 2 · stop · first token 0.1 s · 12 tokens · 40 tokens/s"."""
    words = [] if sample.params.seed is None else [f"seed {sample.params.seed}"]
    words.append(sample.finish or sample.state)
    stats = sample.stats
    if stats is not None:
        if stats.load_s and stats.load_s >= 0.1:
            words.append(f"load {stats.load_s:.1f} s")
        if sample.waited_s is not None and sample.waited_s >= 0.1:
            words.append(f"queue about {sample.waited_s:.1f} s")
        if stats.ttft_s is not None:
            words.append(f"first token {stats.ttft_s:.1f} s")
        if stats.completion_tokens is not None:
            words.append(f"{stats.completion_tokens} tokens")
        if stats.tokens_per_s:
            words.append(f"{stats.tokens_per_s:.0f} tokens/s")
    return " · ".join(words)


def show_variety(out: Console, columns: Sequence[tuple[str, Variety]]) -> None:
    """A measure a row, a column each; nothing where nothing was repeated."""
    if not columns:
        return
    rows = [_rows(found) for _, found in columns]
    names = [name for name in rows[0] if any(row[name] for row in rows)]
    titles = [one_line(title) for title, _ in columns]
    out.print(table(["variety", *titles], [(name, *(row[name] for row in rows)) for name in names], right=titles))


def _rows(found: Variety) -> dict[str, str]:
    length, same = found.length, found.same_seed
    return {
        "different texts": f"{found.distinct} of {found.samples}",
        "commonest text": "" if found.agreement is None else f"{100 * found.agreement:.0f} %",
        "distinct-1": _number(found.distinct_1),
        "distinct-2": _number(found.distinct_2),
        "edit similarity": _number(found.edit_similarity),
        "similarity of meaning": _number(found.cosine),
        "tokens": f"{length.mean:.1f} ({length.least}–{length.most})" if length else "",
        "ended by": ", ".join(f"{reason} {count}" for reason, count in found.finish.items()),
        "same seed, same text": f"{same.equal} of {same.pairs}" if same else "",
        "failed": str(found.failed) if found.failed else "",
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
