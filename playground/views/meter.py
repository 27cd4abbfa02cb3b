"""What the prompt costs, how fast the answer came, how sure the model was."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.engines.base import Stats
from pipelines.events import ContextMeter, ContextShare
from playground.views.html import el, fold, join, tip
from playground.views.words import seconds

#: Mean token probability under which an answer gets a warning (log-probability about -0.35).
LOW_CONFIDENCE = 0.7

_ROOM = "room for the answer"
_KINDS = ("instructions", "history", "passage", "question", "room")


def _kind(share: ContextShare) -> str:
    return next((kind for kind in _KINDS if share.name.startswith(kind)), "other")


def context_meter(meter: ContextMeter) -> Markup:
    """Shares of the prompt against the window, drawn to scale, then in words."""
    kept = [share for share in meter.shares if share.kept and share.tokens > 0]
    whole = max(meter.num_ctx, meter.used, 1)
    mark = "" if meter.exact else "≈ "
    parts = [
        el(
            "span",
            class_=f"share s-{_kind(share)}",
            style=f"width:{100 * share.tokens / whole:.2f}%",
            title=f"{share.name}: {mark}{share.tokens:,} tokens",
        )
        for share in kept
    ]
    prompt = sum(share.tokens for share in kept if _kind(share) != "room")
    words = f"{mark}{prompt:,} prompt tokens of {meter.num_ctx:,}"
    if meter.counted is not None:
        words = (
            f"{meter.counted:,} prompt tokens counted by the engine ({mark}{prompt:,} expected) of {meter.num_ctx:,}"
        )
    left_out = None
    if meter.left_out:
        left_out = el("p", "⚠ Left out, no room: " + ", ".join(meter.left_out), class_="warning")
    return el(
        "div",
        el("div", parts, class_="shares", role="img", aria_label=words),
        el("p", words, class_="facts"),
        left_out,
        fold("Tokens of each part", el("ul", [_legend(share, mark) for share in kept], class_="legend")),
        class_="meter",
    )


def _legend(share: ContextShare, mark: str) -> Markup:
    key = el("i", class_=f"share s-{_kind(share)}", aria_hidden="true")
    return el("li", key, share.name, " ", el("b", f"{mark}{share.tokens:,}"))


def timings(stats: Stats) -> Markup:
    """The line of honest timings; what the engine does not say is left out."""
    found = [
        ("load", seconds(stats.load_s), "Loading the model into memory, before any work."),
        ("first token", seconds(stats.ttft_s), "From sending the prompt to the first token, as seen here."),
        ("prompt", f"{stats.prompt_tokens:,} tokens" if stats.prompt_tokens else "", "Counted by the engine."),
        ("answer", f"{stats.completion_tokens:,} tokens" if stats.completion_tokens else "", "Counted by the engine."),
        (
            "speed",
            f"{stats.tokens_per_s:.1f} tokens/s" if stats.tokens_per_s else "",
            "Tokens of the answer divided by the engine's own generation time.",
        ),
    ]
    words = [tip(join(name, " ", el("b", value)), why) for name, value, why in found if value]
    return el("p", [join(word, " ") for word in words], class_="timings") if words else Markup()


def confidence(value: float | None) -> Markup:
    """The answer's confidence, explained; low values get a warning in words."""
    if value is None:
        return Markup()
    why = (
        "Geometric mean of the probabilities the model gave its own tokens. "
        f"Below {LOW_CONFIDENCE:.0%} answers are more often made up. It measures the model's certainty, not truth."
    )
    shown = tip(join("confidence ", el("b", f"{value:.0%}")), why, "confidence")
    if value >= LOW_CONFIDENCE:
        return shown
    return join(shown, " ", el("span", "⚠ low: check it against the passages", class_="warning"))
