"""A column of the retrieval lab: what one recipe found, how sure it was by its own scores, and what that took."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.retrieval.base import STAGES, Hit
from pipelines.retrieval.bm25 import Bm25Params
from pipelines.retrieval.terms import term_spans
from playground.finding.column import Found
from playground.lab.state import LETTERS
from playground.views.columns import export, letter_mark
from playground.views.evidence import scores
from playground.views.html import bar, button, el, fold, tip
from playground.views.words import count, score, seconds, where

#: Characters of a passage shown before "more".
_SHORT = 260

#: What each step of the clock is called.
_STEPS = {
    "embed": "embedding", "semantic": "semantic", "keyword": "keyword", "fuse": "fusion", "mmr": "mmr",
    "write": "writing", "rerank": "reranking", "payloads": "texts",
}  # fmt: skip


def head(letter: str, found: Found) -> Markup:
    """How many passages, which score orders them, the seconds of each stage, and what can be done with it."""
    facts: Markup | None = None
    if found.ranking is not None:
        facts = el("span", el("b", count(len(found.hits), "passage")), f" in {_whole(found)}", class_="facts")
    return el(
        "div",
        letter_mark(letter),
        facts,
        button("Use in chat", "use", LETTERS.index(letter), class_="quiet"),
        export(letter, found.recipe, "retriever"),
        _clock(found),
        _ordered(found),
        class_=f"col-head col-{letter.lower()}",
    )


def _whole(found: Found) -> str:
    return seconds(sum(found.seconds.values()))


def _clock(found: Found) -> Markup | None:
    if not found.seconds:
        return None
    steps = []
    for stage, taken in found.seconds.items():
        words = f"{_STEPS.get(stage, stage)} {seconds(taken).replace('under ', '<')}"
        again = "Fetched once, for all columns and every position of the sliders."
        steps.append(tip(words, again) if stage in found.shared else el("span", words))
    return el("p", steps, class_="note clock")


def _ordered(found: Found) -> Markup | None:
    """The score that orders and that a threshold is applied to, under its name, from the best to the least."""
    ranking = found.ranking
    if ranking is None or not ranking.candidates:
        return None
    best, least = ranking.candidates[0].score, ranking.candidates[-1].score
    words = f"ordered by {ranking.stage} score: {score(best)} … {score(least)}"
    why = f"{STAGES[ranking.stage]}. Of {count(len(ranking.candidates), 'candidate')}; the threshold applies to it."
    return el("p", tip(words, why), class_="note")


def body(letter: str, found: Found, picked: str, question: str, lane: Markup | None) -> Markup:
    """The trace of ranks and the hits, or why there are none."""
    if found.error is not None:
        title = el("h4", el("i", "!", aria_hidden="true"), found.error.message)
        again = button("Try again", "again", "", class_="quiet")
        return el(
            "div", title, el("p", found.error.fix) if found.error.fix else None, again, class_="fault", role="alert"
        )
    if found.stopped:
        return el("div", el("p", "Stopped."), button("Go on", "again", "", class_="quiet"), class_="desk empty")
    if found.ranking is None:
        return _working(found)
    if not found.hits:
        return el("p", "Nothing was found: " + _why_nothing(found), class_="facts")
    rows = [_hit(letter, hit, found, picked, question) for hit in found.hits]
    return el("div", lane, _answer(found), _written(found), el("ol", rows, class_="passages"))


def _working(found: Found) -> Markup:
    step = found.progress
    if step is None:
        words, part = "Searching …", None
    else:
        left = f", about {seconds(step.seconds_left)} left" if step.seconds_left else ""
        words, part = (
            f"{step.document}: {step.stage}, {step.done:,} of {step.total:,}{left}",
            step.done / max(1, step.total),
        )
    return el("div", el("p", words), bar(part, words), class_="desk empty working busy")


def _why_nothing(found: Found) -> str:
    if found.params.threshold is not None:
        return f"no passage reaches the threshold of {found.params.threshold:g}."
    return (
        "no passage shares a word with the question."
        if found.recipe.choice("retriever").name == "keyword"
        else ("no document in play has text.")
    )


def _written(found: Found) -> Markup | None:
    """What a language model wrote for this search: other wordings, an imagined passage, a prompt."""
    written = found.ranking.written if found.ranking else ()
    if not written:
        return None
    names = {"query": "also asked", "passage": "imagined passage", "prompt": "prompt"}
    rows = [el("li", el("b", names.get(one.kind, one.kind)), " ", one.text) for one in written]
    lead = f"Written by {written[0].by} ({len(written)})"
    return fold(lead, el("ul", rows, class_="written"), open_=written[0].kind != "prompt")


def _answer(found: Found) -> Markup | None:
    turn = found.turn
    if turn is None:
        return None
    if turn.fault is not None:
        return el("div", el("b", turn.fault.message), " ", turn.fault.fix, class_="fault", role="alert")
    by = f"{turn.model} ({turn.engine})" if turn.model else "quotes, no model"
    state = "" if turn.state != "running" else " …"
    return el(
        "div",
        el("p", turn.text + state, class_="whole"),
        el("p", f"Answered by {by}", class_="facts"),
        class_="lab-answer",
    )


def _hit(letter: str, hit: Hit, found: Found, picked: str, question: str) -> Markup:
    first = button(
        [el("i", f"#{hit.rank}", class_="n"), el("span", el("b", hit.document), " ", where(hit), class_="where")],
        "open",
        f"{letter}:{hit.rank}",
        class_="passage-head",
        aria_label=f"Show hit {hit.rank} of {letter} on its page",
        aria_current="true" if hit.id == picked else None,
    )
    language = getattr(found.params, "language", Bm25Params().language)
    spans = term_spans(question, hit.text, language)
    text: Markup = el("p", _marked(hit.text, spans, 0, len(hit.text)), class_="whole")
    if len(hit.text) > _SHORT:
        start, end = _window(hit.text, spans)
        lead, rest = ("… " if start else ""), ("…" if end < len(hit.text) else "")
        short = el("span", lead, _marked(hit.text, spans, start, end), rest, class_="excerpt")
        text = fold(short, text, class_="more")
    cited = _cited(found, hit)
    answers = button("This answers it", "answer", f"{letter}:{hit.rank}", class_="quiet small")
    classes = f"passage trace-of{' chosen' if hit.id == picked else ''}"
    return el("li", first, cited, scores(hit), text, answers, class_=classes, data_trace=hit.id)


def _cited(found: Found, hit: Hit) -> Markup | None:
    if found.turn is None:
        return None
    for citation in found.turn.citations:
        if citation.hit.id == hit.id:
            return el("span", f"cited as [{citation.n}], quote {citation.check}", class_="cited-mark")
    return None


def _window(text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """The stretch of a long text with most of the question's words in it."""
    starts = [0, *(max(0, start - 30) for start, _ in spans)]
    best = max(starts, key=lambda at: (sum(at <= start < at + _SHORT for start, _ in spans), -at))
    space = text.find(" ", best, best + 30) if best else -1
    best = space + 1 if space >= 0 else best
    return best, min(len(text), best + _SHORT)


def _marked(text: str, spans: Sequence[tuple[int, int]], start: int, end: int) -> list[Markup | str]:
    """A range of a text, the question's words in it marked."""
    out: list[Markup | str] = []
    at = start
    for first, last in spans:
        if first < at or last > end:
            continue
        out += [text[at:first], el("mark", text[first:last], class_="term")]
        at = last
    return [*out, text[at:end]]
