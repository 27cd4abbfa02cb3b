"""``GET /metrics``: what programs that watch this one read, in Prometheus' text form.

Counters and histograms count the runs that this process has made since it started: they only grow, as Prometheus
expects, while the file of runs is pruned. What is there now is read from the records whenever somebody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.errors import PlaygroundError
from pipelines.runs.filter import Filter
from pipelines.runs.run import KINDS, Begun, Ended

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipelines.runs.store import Runs
    from playground.jobs import Job

_BY = ("kind", "engine", "model")
_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500)
_SPEEDS = (1, 2, 5, 10, 20, 40, 80, 160, 320)

#: Number of a run -> the counter that adds it up and its help.
_SUMS = {
    "prompt_tokens": ("playground_prompt_tokens", "Tokens read by language models"),
    "completion_tokens": ("playground_completion_tokens", "Tokens written by language models"),
    "left_out": ("playground_left_out_passages", "Passages that found no room in the prompt"),
    "embedded": ("playground_embedded_texts", "Texts whose vector indexing needed"),
    "cached": ("playground_cached_texts", "Of these, texts whose vector was known before"),
}

#: Number of a run -> the histogram that takes it, its help and its buckets.
_SPREADS = {
    "seconds": ("playground_run_seconds", "Seconds from the beginning of a run to its end", _SECONDS),
    "ttft_s": ("playground_first_token_seconds", "Seconds from sending the prompt to the first token", _SECONDS),
    "tokens_per_s": ("playground_tokens_per_second", "Tokens written a second, by the engine's clock", _SPEEDS),
}

_SINCE = ", since the app started, of runs made in it (not by commands)."


class Tally:
    """Counts since the start; safe from any thread.

    Raises:
        PlaygroundError: the library that writes the text is not installed.
    """

    def __init__(self) -> None:
        try:
            from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
        except ImportError as error:
            raise PlaygroundError(
                "GET /metrics needs the package prometheus-client, which is not installed.",
                "Install it (pip install 'rag-playground[metrics]'), or start without --metrics.",
            ) from error
        self._registry = own = CollectorRegistry()
        self._runs = Counter("playground_runs", f"Runs that ended{_SINCE}", (*_BY, "state"), registry=own)
        self._sums = {name: Counter(key, said + _SINCE, _BY, registry=own) for name, (key, said) in _SUMS.items()}
        self._spreads = {
            name: Histogram(key, said + _SINCE, _BY, buckets=buckets, registry=own)
            for name, (key, said, buckets) in _SPREADS.items()
        }
        self._kept = Gauge("playground_runs_kept", "Runs in the file now, whoever made them.", ("kind",), registry=own)
        self._documents = Gauge("playground_documents", "Documents in the library now.", registry=own)
        states = ("kind", "state")
        self._jobs = Gauge("playground_jobs", "Jobs of the sidebar that wait or run now.", states, registry=own)

    def count(self, begun: Begun, ended: Ended) -> None:
        """Add a run that has ended."""
        labels = (begun.kind, _label(ended.engine), _label(ended.model))
        self._runs.labels(*labels, ended.state).inc()
        for name, value in ended.numbers.items():
            if name in self._sums and value > 0:
                self._sums[name].labels(*labels).inc(value)
            elif name in self._spreads:
                self._spreads[name].labels(*labels).observe(value)

    def text(self, runs: Runs, documents: int, jobs: Sequence[Job]) -> tuple[bytes, str]:
        """Everything as it stands, and its media type. Raises StoreError: the records cannot be read.

        Args:
            runs: All that are kept.
            documents: How many the library has.
            jobs: Those of the sidebar.
        """
        from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

        for kind in KINDS:
            self._kept.labels(kind).set(runs.count(Filter(kinds=(kind,))))
        self._documents.set(documents)
        for what in ("index", "pull"):
            for state in ("waiting", "running"):
                self._jobs.labels(what, state).set(sum((job.kind, job.state) == (what, state) for job in jobs))
        return generate_latest(self._registry), CONTENT_TYPE_PLAIN_0_0_4


def _label(name: str) -> str:
    """A name as a label: halves of characters have no place in UTF-8."""
    return name.encode("utf-8", "replace").decode()
