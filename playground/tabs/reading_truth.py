"""What readings are compared with: the text layer, a pasted or uploaded text; and which differences do not count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from pipelines.errors import UsageError
from pipelines.evaluation.normalising import Normalising
from playground.reading.state import Reading
from playground.services import Services
from playground.state import Session
from playground.tabs.reading_columns import Redraw
from playground.tabs.reading_parts import Parts
from playground.tabs.wishes import Wishes, once

#: Most bytes of a file with the truth of one page: what the state holds, in the longest characters.
_MOST = 400_000


@dataclass(frozen=True)
class Truth:
    """What happens when the truth, or what counts as a difference, is changed."""

    services: Services
    parts: Parts
    wishes: Wishes
    redraw: Redraw

    def wire(self) -> None:
        """Connect everything."""
        parts, labs = self.parts, self.services.labs

        def on_truth(
            kept: Any, lab: Any, made: float, truth: str, pasted: str, ignore: list[str]
        ) -> Iterator[list[Any]]:
            how = {name: name in ignore for name in Normalising.model_fields}
            now = labs.now(Reading, lab).to(truth=truth, pasted=pasted, normalising=how)
            shown = gr.update(visible=truth == "pasted")
            yield from once([shown], self.redraw(Session.restore(kept), now, made))

        def on_file(kept: Any, lab: Any, made: float, files: Any) -> Iterator[list[Any]]:
            if not files:
                return
            text = text_of(*files[0])
            first: list[Any] = [None, text]
            yield from once(first, self.redraw(Session.restore(kept), labs.now(Reading, lab).to(pasted=text), made))

        told = [parts.truth, parts.pasted, parts.ignore]
        events = [parts.truth.input, parts.ignore.input, parts.pasted.blur]
        self.wishes.wire(events, on_truth, told, [parts.pasting])
        self.wishes.wire([parts.truth_file.upload], on_file, [parts.truth_file], [parts.truth_file, parts.pasted])


def text_of(path: str, name: str) -> str:
    """The text of a file that says what stands on the page.

    Raises:
        UsageError: it is not text in UTF-8, or longer than a page can be.
    """
    data = Path(path).read_bytes()
    if len(data) > _MOST:
        raise UsageError(f"{name} is too long for one page.", "Give the text of this page alone.")
    try:
        return data.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} cannot be read as text.", "Save it as plain text in UTF-8.") from error
