"""One question and its answer: running, done, stopped, unanswerable or failed, never alike."""

from __future__ import annotations

from markupsafe import Markup

from pipelines.answering.prompt import REFUSAL
from pipelines.events import Citation, QuoteFound
from playground.turn import Fault, Turn
from playground.views.documents import progress
from playground.views.html import button, el, fold, join, tip
from playground.views.meter import confidence, context_meter, timings
from playground.views.prose import chip, prose, verbatim
from playground.views.words import count, seconds, where

_CHECKS = {
    "exact": ("✓", "exact", "These words stand on the page exactly so."),
    "close": ("≈", "close", "The page says nearly this; compare the wording."),
    "none": ("✗", "not found", "These words are not on the cited passage: treat them as the model's own."),
    "own": ("○", "own words", "The model put this in its own words: compare it with the passage."),
}
_ENGINES = {"ollama": "Ollama", "builtin": "built-in engine", "none": "no model"}


def exchange(turn: Turn, message: str, question: str = "") -> Markup:
    """A question with its answer. ``message`` and ``question`` are the ids buttons refer to."""
    edit = button("Edit", "edit", question, class_="quiet", aria_label="Edit this question") if question else None
    return el(
        "article",
        el("header", el("h3", turn.question), edit, class_="question"),
        answer(turn, message),
        class_=f"exchange {turn.state}",
        id=f"m-{message}",
    )


def answer(turn: Turn, message: str) -> Markup:
    """Everything below the question."""
    passages = len(turn.passages)
    written = prose if turn.messages or turn.style == "generated" else verbatim
    body = el("div", written(turn.text, passages, message), class_="prose") if turn.text else None
    return el(
        "div",
        el("p", "Understood as: ", el("em", turn.condensed), class_="condensed") if turn.condensed else None,
        _thinking(turn),
        _nothing(turn) if turn.state == "done" and not turn.answerable else body,
        _status(turn) if turn.state == "running" else None,
        _ending(turn, message),
        _sources(turn, message),
        _about(turn) if turn.state != "running" else None,
        _made(turn),
        class_="answer",
    )


def _status(turn: Turn) -> Markup:
    """What happens right now, in words."""
    if turn.preparing is not None:
        inner = join("Indexing with this recipe", progress(turn.preparing))
    elif turn.hits is None:
        inner = join("Searching the documents")
    elif not turn.text:
        who = turn.model or "the passages"
        inner = join(f"Found {count(len(turn.hits), 'passage')}. Waiting for {who}")
    else:
        inner = join("Writing")
    clock = el("span", class_="elapsed", aria_hidden="true")
    return el("div", el("span", class_="pulse", aria_hidden="true"), inner, clock, class_="status", role="status")


def _thinking(turn: Turn) -> Markup | None:
    if not turn.thinking:
        return None
    return fold("Thinking, not part of the answer", el("div", prose(turn.thinking), class_="prose"))


def _nothing(turn: Turn) -> Markup:
    """The documents don't say: a result, calm, and not an error."""
    return el(
        "div",
        el("h4", el("i", "∅", aria_hidden="true"), "The documents don’t say"),
        el("div", prose(turn.text), class_="prose") if turn.text.strip() not in ("", REFUSAL) else None,
        el("p", "The closest passages are listed, so that you can judge for yourself.", class_="facts")
        if turn.passages
        else None,
        class_="silent",
    )


def _ending(turn: Turn, message: str) -> Markup | None:
    again = button("Retry", "retry", message, class_="quiet")
    if turn.state == "failed" and turn.fault is not None:
        return fault_card(turn.fault, kept=bool(turn.text), again=again)
    if turn.state in ("stopped", "interrupted"):
        why = "Stopped." if turn.state == "stopped" else "Interrupted: the app ended while this was written."
        kept = " The text so far is kept." if turn.text else ""
        return el("p", el("i", "■", aria_hidden="true"), why + kept, " ", again, class_="ended")
    if turn.state == "done" and turn.finish == "length":
        text = "Cut off: the answer reached num_predict, or the context window is full."
        return el("p", el("i", "⚠", aria_hidden="true"), text, class_="ended")
    return None


def fault_card(fault: Fault, kept: bool = False, again: Markup | None = None) -> Markup:
    """An error: what happened, what to do, a button to try again."""
    return el(
        "div",
        el("h4", el("i", "!", aria_hidden="true"), fault.message),
        el("p", fault.fix) if fault.fix else None,
        el("p", "The text before the failure is kept above.", class_="facts") if kept else None,
        again,
        class_="fault",
        role="alert",
    )


def _sources(turn: Turn, message: str) -> Markup | None:
    if not turn.citations:
        return None
    rows = [_quoted(c, message) if turn.style == "quotes" else _source(c, message, turn.text) for c in turn.citations]
    return el("ol", rows, class_="sources", aria_label="Sources")


def _quoted(citation: Citation, message: str) -> Markup:
    """A source whose quotes are the answer itself: only their check is worth a line."""
    first = f"{message}:{citation.n}:0"
    return el(
        "li", button(str(citation.n), "cite", first, class_="cite"), _place(citation, message), _check(citation.check)
    )


def _source(citation: Citation, message: str, said: str) -> Markup:
    quotes = [_quote(q, f"{message}:{citation.n}:{i}", said) for i, q in enumerate(citation.quotes)]
    return el(
        "li",
        chip(citation.n, message),
        _place(citation, message),
        el("ul", quotes, class_="quotes") if quotes else None,
    )


def _place(citation: Citation, message: str) -> Markup:
    hit = citation.hit
    named = join(el("b", hit.document), " ", where(hit))
    return button(named, "cite", f"{message}:{citation.n}", class_="where")


def _check(kind: str) -> Markup:
    icon, word, why = _CHECKS[kind]
    return el("span", el("i", icon, aria_hidden="true"), word, class_=f"check {kind}", title=why)


def _quote(quote: QuoteFound, target: str, said: str) -> Markup:
    kind = "own" if quote.check == "none" and not _in_quotation_marks(quote.text, said) else quote.check
    text = quote.text if len(quote.text) <= 160 else quote.text[:159] + "…"
    found = quote.start is not None
    line = button(f"“{text}”", "cite", target, class_="where") if found else el("span", f"“{text}”")
    return el("li", _check(kind), line)


def _in_quotation_marks(text: str, said: str) -> bool:
    at = said.find(text)
    return at > 0 and said[at - 1] in '“"«„'


def _about(turn: Turn) -> Markup:
    """Who answered, in which style, how sure, how fast."""
    engine = _ENGINES.get(turn.engine, turn.engine)
    if turn.style == "quotes":
        how = tip("Quotes", "The best sentences of the passages, word for word; nothing is invented.", "style")
    elif turn.style == "generated":
        how = tip("Generated", "Written by a language model from the passages; check the citations.", "style")
    else:
        how = Markup()
    who = " · ".join(filter(None, (turn.model, engine if turn.engine else "")))
    notes = [el("p", note, class_="note") for note in turn.notes]
    speed = timings(turn.stats) if turn.stats and turn.engine != "none" else None
    return el("footer", el("p", how, el("span", who), confidence(turn.confidence), class_="who"), speed, notes)


def _made(turn: Turn) -> Markup | None:
    """The context meter and the exact prompt, behind one fold."""
    if turn.meter is None and not turn.messages:
        return None
    stages = " · ".join(f"{name} {seconds(value)}" for name, value in turn.seconds.items())
    prompt = [el("div", el("b", role), el("pre", content), class_="turn-sent") for role, content in turn.messages]
    return el(
        "div",
        context_meter(turn.meter) if turn.meter else None,
        el("p", "Search: ", stages, class_="facts") if stages else None,
        fold("Show the exact prompt", prompt, class_="fold prompt") if prompt else None,
        class_="made",
    )
