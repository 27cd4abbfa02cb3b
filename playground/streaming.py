"""Gradio's streams, mended: each update of a handler reaches the page as it was sent."""

from __future__ import annotations

from typing import Any

import gradio as gr


class Blocks(gr.Blocks):
    """Gradio's page, where a handler's later update does not change an earlier one that still waits to be shown.

    Gradio sends what is different from the update before, and its page changes that update itself into the new one.
    A page that is busy, or hears late, then shows the last one only: a ``gr.update`` or the state of a lab that another
    update followed is lost. So what is no text is sent whole where it differs; texts still grow by what is new.
    """

    def handle_streaming_diffs(
        self,
        block_fn: Any,
        data: list[Any],
        session_hash: str | None,
        run: str | None,
        final: bool,
        simple_format: bool = False,
        **more: Any,
    ) -> list[Any]:
        """Of each output the value at first, then the edits that make the next one of it."""
        sent: list[Any] = super().handle_streaming_diffs(
            block_fn, data, session_hash, run, final, simple_format, **more
        )
        now = self.pending_diff_streams.get(session_hash, {}).get(run)
        if now is None or simple_format:  # nothing streams, it has ended, or a client wants it whole
            return sent
        return [_whole(edits, value) for edits, value in zip(sent, now, strict=True)]


def _whole(edits: Any, value: Any) -> Any:
    """The edits, or one that puts the value in the place of the last where they would reach into that."""
    if edits is value:  # the first one
        return edits
    return [["replace", [], value]] if any(path for _, path, _ in edits) else edits
