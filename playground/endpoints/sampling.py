"""Texts drawn from a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any

from pipelines.evaluation.grid import grid
from pipelines.runs.run import Begun
from playground.answers import paced
from playground.cli.sample_columns import Column
from playground.cli.sample_drawing import check, drawing, draws_of, nothing_drawn
from playground.endpoints.streams import ENDPOINT, recipe_from, stopping
from playground.runs import outcomes
from playground.services import Services


def endpoints(services: Services) -> list[Callable[..., Any]]:
    """``sample``."""

    def sample(
        prompt: str,
        recipe: dict[str, Any] | None = None,
        vary: list[str] | None = None,
        repeat: int = 1,
        seeds: list[int] | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Draw texts: each as it grows, then all in the shape of ``playground sample --json``. ``vary`` makes columns:
        ``["sampling.temperature=0,1"]``."""
        check(prompt)
        recipes, notes = grid([recipe_from(recipe)], vary or ())
        draws = [draws_of(one, repeat, seeds or ()) for one in recipes]
        embedder = services.library.scratch.embedder(recipes[0])
        columns: list[Column] = []
        due = paced()
        inputs = {"repeat": repeat, "seeds": seeds or [], "recipes": [one.to_json() for one in recipes]}
        begun = [Begun("sample", one.to_json(), prompt, (), inputs, ENDPOINT) for one in recipes]
        recorder, started = services.recorder, monotonic()
        with stopping() as flag, recorder.together(begun) as runs:
            for step in drawing(services.library.engines, prompt, recipes, draws, embedder, flag):
                notes += step.notes
                if step.done:
                    ended = outcomes.of_samples(step.column.to_json(), monotonic() - started)
                    recorder.end(runs[len(columns)], ended)
                    columns.append(step.column)
                    started = monotonic()
                elif step.sample is not None and (step.ended or due()):
                    place = {"column": len(columns), "sample": step.number - 1}
                    yield {"done": False, **place, "name": step.column.title, "text": step.sample.text}
        if (reason := nothing_drawn(columns)) is not None:
            raise reason
        yield {"done": True, "columns": [column.to_json() for column in columns], "notes": notes}

    return [sample]
