"""The tab of monitoring: how the models did in the last hour, day, week, month, or ever."""

from __future__ import annotations

import time
from datetime import datetime

import gradio as gr

from pipelines.runs.monitoring import WINDOWS, monitored
from playground.services import Services
from playground.tabs.shell import panel, wire
from playground.views.monitoring import monitoring

_NAMES = {"hour": "Last hour", "day": "Last day", "week": "Last week", "month": "Last month", "all": "All"}
_FIRST = "day"


def drawn(services: Services, window: str, now: float) -> str:
    """The figures of a window that ends now (in seconds since 1970), as markup. Raises StoreError."""
    span = WINDOWS.get(window)
    since = None if span is None else now - span
    offset = datetime.fromtimestamp(now).astimezone().utcoffset()
    zone_s = round(offset.total_seconds()) if offset else 0
    return str(monitoring(monitored(services.runs.measured(since or 0.0), since, now, zone_s)))


def build(services: Services, tab: gr.Tab) -> None:
    """Draw the tab and wire it."""
    with gr.Row(elem_id="monitoring-head", elem_classes=["lab-source"]):
        window = gr.Radio(
            [(words, name) for name, words in _NAMES.items()], value=_FIRST, label="Time", elem_id="monitoring-window",
            scale=3,
        )  # fmt: skip
        refresh = gr.Button("Refresh", elem_id="monitoring-refresh", scale=0, min_width=100)
    board = panel("monitoring-board")

    def on_look(chosen: str | None) -> str:
        return drawn(services, chosen or _FIRST, time.time())

    wire([tab.select, window.input, refresh.click], on_look, [window], [board])
