"""The sidebar: documents, the engine that answers, the recipe in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from playground.reading.choosing import VLM, offer
from playground.services import Services, Upload
from playground.state import Session, recipe_of
from playground.tabs import engine, evidence, recipe
from playground.tabs.knob_form import KnobForm
from playground.tabs.shell import Shell, panel, wire
from playground.views.documents import document_list, job_list, notice_list
from playground.views.html import join

#: Seconds between two looks at the background work.
TICK_S = 1.0


def file_box(**options: Any) -> gr.File:
    """A file box that gives (stored path, name the person gave it): stored names are cleaned of odd characters."""
    box = gr.File(file_count="multiple", **options)
    checked = box.preprocess

    def preprocess(payload: Any) -> list[tuple[str, str]]:
        paths = checked(payload) or []
        names = [item.orig_name or "" for item in (payload.root if payload else ())]
        return [(str(path), name) for path, name in zip(paths, names, strict=True)]

    box.preprocess = preprocess  # type: ignore[method-assign, assignment]  # a subclass would write a .pyi file here
    return box


# handlers ---------------------------------------------------------------------------------------------


def add(services: Services, session: Session, files: Sequence[tuple[str, str]]) -> str:
    """Index uploaded files in the background; returns the job's id, "" where there was no file."""
    uploads = [Upload(Path(path), bare_name(name) or Path(path).name) for path, name in files]
    return services.add(uploads, recipe_of(session)) if uploads else ""


def bare_name(name: str) -> str:
    """The last part of a name, without folders of any system."""
    return name.replace("\\", "/").rpartition("/")[2].strip()


def documents(services: Services, session: Session) -> str:
    """What there is to know, work in progress, then the documents."""
    known, failed = services.documents(recipe_of(session)), services.jobs.failures()
    wanting = any(one.pages_without_text or one.garbled_pages for one in known)
    listed = document_list(known, session.out_of_play, failed, services.readers(), offer(services) if wanting else None)
    jobs = job_list(services.jobs.snapshot(), "index", services.settings.offline)
    return str(join(notice_list(services.notices.all()), jobs, listed))


def act(services: Services, session: Session, what: str, target: str, value: str = "") -> Session:
    """Carry out what a person pressed in the list of documents."""
    match what:
        case "tick":
            out = set(session.out_of_play) ^ {target}
            return session.to(out_of_play=tuple(sorted(out)))
        case "open":
            return evidence.open_document(session, target)
        case "remove":
            services.remove(target)
            gone = session.document == target
            left = tuple(name for name in session.out_of_play if name != target)
            return session.to(out_of_play=left, **({"document": "", "passage": 0} if gone else {}))
        case "read":
            reader, _, name = target.partition(":")
            services.read(name, recipe_of(session).with_("reader", reader))
        case "look":
            model = value.strip() or next(iter(offer(services).models), "")  # the reader of a document has a name
            services.read(target, recipe_of(session).with_("reader", VLM, model=model))
        case "pull":
            services.pull(target)
        case "unlock":
            services.unlock(target, value, recipe_of(session))
        case "noticed":
            services.notices.dismiss(target)
        case "dismiss":
            services.jobs.dismiss(target)
        case "cancel":
            services.jobs.cancel(target)
        case "forget":
            services.jobs.forget(target)
    return session


# components and wiring ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sidebar:
    """The sidebar's components, and the function that draws it afresh."""

    engine: engine.EngineCard
    count: gr.State  # documents in the library, as last drawn
    outputs: list[Any]
    draw: Any
    forms: Mapping[str, KnobForm]  # by section


def build(services: Services, shell: Shell) -> Sidebar:
    """Draw the sidebar and wire it."""
    gr.HTML("<h2>Documents</h2>", apply_default_css=False)
    box = file_box(show_label=False, label="Add PDF, Markdown or text files", height=72, elem_id="upload")
    listed = panel("documents")
    gr.HTML("<h2>Engine</h2>", apply_default_css=False)
    card = engine.build(services, shell)
    gr.HTML("<h2>Recipe</h2>", apply_default_css=False)
    shell.words.render()  # type: ignore[no-untyped-call]
    forms: dict[str, KnobForm] = {}
    for section, title in recipe.SECTIONS.items():
        with gr.Accordion(title, open=False, elem_classes=["section"], elem_id=f"section-{section}") as fold:
            forms[section] = recipe.build_form(section, shell.style if section == "answer" else None)
            if section == "sampling":
                card.add_sampling(forms[section], fold)
    for form in forms.values():
        recipe.wire_form(form, shell)
    timer, seen, count = gr.Timer(TICK_S), gr.State(-1), gr.State(0)

    def on_files(files: Any, kept: Any) -> list[Any]:
        session = Session.restore(kept)
        add(services, session, files or [])
        return [None, documents(services, session)]

    def on_documents(kept: Any, seen: Any, event: gr.EventData) -> list[Any]:
        data, session = event._data, Session.restore(kept, seen)
        changed = act(services, session, data["act"], data["arg"], data.get("value", ""))
        moved = changed.look() != session.look() or data["act"] == "open"
        look = [changed.look(), str(evidence.panel(services, changed))] if moved else [gr.skip(), gr.skip()]
        return [changed.keep(), documents(services, changed), *look]

    def on_tick(kept: Any, version: int) -> list[Any]:
        now = services.jobs.version
        if now == version:
            return [gr.skip(), gr.skip(), gr.skip()]
        session = Session.restore(kept)
        return [documents(services, session), now, len(services.documents(recipe_of(session)))]

    def on_models(kept: Any) -> str:
        return documents(services, Session.restore(kept))

    def draw(session: Session) -> list[Any]:
        """Also what a tick would tell: the first one would draw the list as it was before a click of that second."""
        chosen = recipe_of(session)
        values = [update for section, form in forms.items() for update in form.show(chosen.choice(section))]
        version, known = services.jobs.version, len(services.documents(chosen))
        return [documents(services, session), recipe.summary(session), version, known, *values]

    wire([box.upload], on_files, [box, shell.kept], [box, listed])
    wire([listed.click], on_documents, [shell.kept, shell.seen], [shell.kept, listed, shell.seen, shell.evidence])
    wire([card.models.change], on_models, [shell.kept], [listed])
    wire([timer.tick], on_tick, [shell.kept, seen], [listed, seen, count], trigger_mode="once")
    outputs = [listed, shell.words, seen, count, *(x for form in forms.values() for x in form.outputs)]
    return Sidebar(card, count, outputs, draw, forms)
