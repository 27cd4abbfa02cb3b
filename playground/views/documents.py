"""The sidebar's documents: health at a glance, work in progress, ways out."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from markupsafe import Markup

from pipelines.engines.base import PullEvent
from pipelines.errors import ModelMissing
from pipelines.events import Indexed, IndexProgress
from pipelines.reading.vision import SMALL
from pipelines.registry import Part
from playground.jobs import Failure, Job
from playground.notices import Notice
from playground.reading.choosing import VLM, Offer
from playground.views.html import bar, button, el, fold, join
from playground.views.read_model import fetch, missing
from playground.views.words import count, seconds, size

#: The menu of models that see, shared by all rows.
_MODELS = "vision-models"

_STAGES = {
    "reading": ("Reading", "page"),
    "cutting": ("Cutting", "page"),
    "embedding": ("Embedding", "chunk"),
    "writing": ("Storing", "chunk"),
    "asking": ("Asking", "question"),
}


def health(document: Indexed) -> tuple[str, str, str]:
    """(kind, icon, words) of a document's badge."""
    if document.status == "failed":
        return ("bad", "✕", "locked" if document.encrypted else "not readable")
    if document.status == "needs_ocr" or (document.pages and document.words == 0):
        return ("warn", "◌", "needs OCR")
    if document.garbled_pages:
        return ("warn", "≠", "garbled text")
    if document.pages_without_text:
        return ("warn", "◐", "partly readable")
    return ("good", "✓", "ready")


def facts(document: Indexed) -> str:
    """What was found in a document, in one line."""
    found = [count(document.pages, "page"), count(document.words, "word")]
    if document.pages_without_text:
        found.append(count(document.pages_without_text, "page needs OCR", "pages need OCR"))
    if document.garbled_pages:
        found.append(count(document.garbled_pages, "garbled page"))
    if document.encrypted:
        found.append("encrypted, opened")
    if document.chunks:
        found.append(count(document.chunks, "chunk"))
    return " · ".join(found)


def document_list(
    documents: Sequence[Indexed],
    out_of_play: Collection[str],
    failures: Sequence[Failure] = (),
    readers: Sequence[Part] = (),
    vision: Offer | None = None,
) -> Markup:
    """The documents and, below them, the files that could not be taken in.

    Args:
        documents: Of the library.
        out_of_play: Names of those that are not ticked.
        failures: Files that could not be taken in.
        readers: What can read pages without text.
        vision: The models that see, for the reader that asks one.
    """
    if not documents and not failures:
        return el("p", "No documents yet. Add a PDF, Markdown or text file above.", class_="empty")
    rows = [_row(document, document.document not in out_of_play, readers, vision) for document in documents]
    rows += [_failed(failure) for failure in failures]
    inside = sum(document.document not in out_of_play for document in documents)
    head = el("p", f"{inside} of {len(documents)} in play", class_="count") if documents else None
    models = el("datalist", [el("option", value=name) for name in vision.models], id=_MODELS) if vision else None
    return join(head, el("ul", rows, class_="docs"), models)


def _badge(document: Indexed) -> Markup:
    kind, icon, words = health(document)
    return el("span", el("i", icon, aria_hidden="true"), words, class_=f"badge {kind}", title=document.reason or None)


def _row(document: Indexed, ticked: bool, readers: Sequence[Part], vision: Offer | None) -> Markup:
    name = document.document
    tick = el(
        "button",
        el("i", "✓" if ticked else "", aria_hidden="true"),
        type="button",
        role="checkbox",
        aria_checked="true" if ticked else "false",
        aria_label=f"Use {name} for answers",
        class_="tick",
        data_act="tick",
        data_arg=name,
    )
    remove = fold(
        el("span", "✕", title=f"Remove {name}", aria_label=f"Remove {name}", role="img"),
        el("span", "Remove it and its index?"),
        button("Remove", "remove", name, class_="danger"),
        class_="confirm",
    )
    return el(
        "li",
        tick,
        button(name, "open", name, class_="doc-name", title=f"Show {name}"),
        _badge(document),
        el("span", facts(document), class_="facts"),
        el("span", join(document.reason, " ", document.fix), class_="reason") if document.reason else None,
        _read_with(document, readers, vision) if document.pages_without_text or document.garbled_pages else None,
        remove,
        class_="doc" if ticked else "doc off",
    )


def _read_with(document: Indexed, readers: Sequence[Part], vision: Offer | None) -> Markup | None:
    """A menu of readers for the pages that have no text; one that lacks something says what installs it."""
    if not readers:
        return None
    name = document.document
    entries = [
        button(part.label, "read", f"{part.name}:{name}", class_="quiet", disabled=not part.available,
               title=part.description if part.available else f"Needs: {'; '.join(part.missing)}",
               aria_label=f"Read {name} with {part.label}")
        for part in readers if part.name != VLM
    ]  # fmt: skip
    entries += [_look_with(document, vision) for part in readers if part.name == VLM and vision is not None]
    return fold("Read again with …" if document.reader else "Read with …", *entries, class_="fold readers")


def _look_with(document: Indexed, vision: Offer) -> Markup:
    """The models that see, to be chosen or typed; what is missing where there is none."""
    name = document.document
    field = el(
        "input", type="text", name="value", list=_MODELS, autocomplete="off", aria_label=f"Vision model for {name}",
        placeholder=vision.models[0] if vision.models else SMALL, required=not vision.models,
    )  # fmt: skip
    read = el("button", "Read", type="submit", aria_label=f"Read {name} with a vision model")
    return el(
        "div",
        el("p", "Or a vision model of Ollama:", class_="facts"),
        missing(vision.missing) if vision.missing else None,
        el("form", field, read, data_act="look", data_arg=name, class_="inline"),
        class_="look-with",
    )


def _failed(failure: Failure) -> Markup:
    document = failure.outcome
    unlock = None
    if document.encrypted:
        field = el(
            "input",
            type="password",
            name="value",
            required=True,
            placeholder="Password",
            aria_label=f"Password of {document.document}",
            autocomplete="off",
        )
        unlock = el(
            "form",
            field,
            el("button", "Unlock", type="submit"),
            data_act="unlock",
            data_arg=failure.id,
            class_="inline",
        )
    return el(
        "li",
        el("span", el("i", "!", aria_hidden="true"), class_="tick none"),
        el("span", document.document, class_="doc-name", title=document.document),
        _badge(document),
        el("span", join(document.reason, " ", document.fix), class_="reason"),
        unlock,
        button("✕", "dismiss", failure.id, class_="dismiss", aria_label=f"Dismiss {document.document}"),
        class_="doc failed",
    )


def notice_list(notices: Sequence[Notice]) -> Markup:
    """What a person should know, until it is dismissed."""
    return join(*[_notice(one) for one in notices])


def _notice(notice: Notice) -> Markup:
    title = el("span", "! ", notice.title, class_="job-title", title=notice.title)
    lines = [el("li", line) for line in notice.lines]
    dismiss = button("Dismiss", "noticed", notice.title, aria_label=f"Dismiss {notice.title}")
    return el("div", title, dismiss, el("ul", lines, class_="facts"), class_="job notice", role="status")


def job_list(jobs: Sequence[Job], kind: str, offline: bool = False) -> Markup:
    """Work that runs or waits, and work that broke; what went well shows in the list itself."""
    rows = [_job(job) for job in jobs if job.kind == kind and job.active]
    rows += [_broken(job, offline) for job in jobs if job.kind == kind and job.error is not None]
    return el("ul", rows, class_="jobs", aria_label="Work in progress") if rows else Markup()


def _job(job: Job) -> Markup:
    return el(
        "li",
        el("span", job.title, class_="job-title", title=job.title),
        button("Cancel", "cancel", job.id, aria_label=f"Cancel {job.title}"),
        progress(job.progress) if job.state == "running" else el("span", "waiting", class_="facts"),
        class_="job",
    )


def _broken(job: Job, offline: bool) -> Markup:
    error = job.error
    pull = error.pull if isinstance(error, ModelMissing) and not offline else ""
    words = el("span", f"{error.message} {error.fix}" if error else "", class_="facts")
    title = el("span", "! ", job.title, class_="job-title")
    return el("li", title, button("Dismiss", "forget", job.id), words, fetch(pull), class_="job broken", role="alert")


def progress(step: IndexProgress | PullEvent | None) -> Markup:
    """How far a piece of work is, its pace and the time left."""
    if step is None:
        return join(bar(None, "Starting"), el("span", "starting", class_="facts"))
    if isinstance(step, PullEvent):
        done = step.done_bytes / step.total_bytes if step.total_bytes else None
        of = f"{size(step.done_bytes)} of {size(step.total_bytes)}" if step.total_bytes else ""
        words = " · ".join(filter(None, (step.status, of)))
        return join(bar(done, step.status), el("span", words, class_="facts"))
    stage, noun = _STAGES[step.stage]
    words_ = [f"file {step.file} of {step.files}: {step.document}"] if step.files > 1 else []
    counted = step.total > 1 and step.stage != "cutting"
    words_.append(f"{stage} {noun} {step.done:,} of {step.total:,}" if counted else stage)
    if step.rate:
        words_.append(f"{step.rate:.0f} {noun}s/s")
    if step.seconds_left is not None:
        words_.append(f"about {seconds(step.seconds_left)} left")
    done = step.done / step.total if step.total else None
    return join(bar(done, f"{stage} {step.document}"), el("span", " · ".join(words_), class_="facts"))
