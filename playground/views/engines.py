"""The engine card: who answers, which models there are, the line to type where something is missing."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.engines.base import ModelInfo
from pipelines.engines.detect import BuiltinStatus, EngineStatus, OllamaStatus
from pipelines.recipe import Choice
from playground.jobs import Job
from playground.sampling.facts import Facts
from playground.views.documents import job_list
from playground.views.html import button, el, join
from playground.views.words import parameters, size


def engine_card(status: EngineStatus, chosen: Choice, jobs: Sequence[Job], offline: bool) -> Markup:
    """The whole card."""
    return el(
        "div",
        _who(status, chosen),
        job_list(jobs, "pull"),
        _models(status, chosen),
        _ollama(status.ollama),
        [_builtin(model) for model in status.builtin if model.state != "present" and not offline],
        el("p", "Downloads are off, so no model can be fetched.", class_="facts") if offline else None,
        _pull() if status.ollama.state in ("running", "no model") and not offline else None,
        class_="engine",
    )


def _who(status: EngineStatus, chosen: Choice) -> Markup:
    name = str(getattr(chosen.params, "name", "")) or status.model
    engine = status.engine if chosen.name == "auto" else chosen.name
    if engine == "ollama":
        return el("h3", name or "Ollama", el("span", f" on Ollama {status.ollama.version}", class_="facts"))
    if engine == "builtin":
        return el("h3", name or "Built-in model", el("span", " in this process, no server", class_="facts"))
    return el("div", el("h3", "No language model"), el("p", "Answers are quotes: exact and cited.", class_="facts"))


def _models(status: EngineStatus, chosen: Choice) -> Markup | None:
    here = str(getattr(chosen.params, "name", ""))
    rows = [_model(f"ollama/{m.name}", m.name, _facts(m), chosen.name == "ollama" and here == m.name, _chats(m))
            for m in status.ollama.models]  # fmt: skip
    rows += [_model(f"builtin/{b.name}", b.label, " · ".join(filter(None, (size(b.size_bytes), b.note))),
                    chosen.name == "builtin" and here == b.name, True)
             for b in status.builtin if b.state == "present"]  # fmt: skip
    if not rows:
        return None
    auto = _model("auto", "Automatic", "the best one at hand", chosen.name == "auto", True)
    return el("div", auto, rows, class_="models", role="radiogroup", aria_label="Model")


def _model(target: str, name: str, facts: str, checked: bool, usable: bool) -> Markup:
    return el(
        "button",
        el("span", name, class_="name"),
        el("span", "✓" if checked else "", aria_hidden="true"),
        el("span", facts, class_="facts"),
        type="button",
        role="radio",
        aria_checked="true" if checked else "false",
        disabled=not usable,
        data_act="model",
        data_arg=target,
    )


def _chats(model: ModelInfo) -> bool:
    return "completion" in model.capabilities or not model.capabilities


def _facts(model: ModelInfo) -> str:
    can = ", ".join(sorted(model.capabilities - {"completion"}))
    kind = "" if _chats(model) else "not for chat"
    weights = parameters(model.parameters)
    return " · ".join(filter(None, (weights and f"{weights} weights", size(model.size_bytes), can, kind)))


def _ollama(status: OllamaStatus) -> Markup | None:
    if status.state == "running":
        return None
    return el(
        "div",
        el("p", status.problem or "Ollama does not answer.", " To use it, type:" if status.fix else ""),
        el("code", status.fix) if status.fix else None,
    )


def _builtin(model: BuiltinStatus) -> Markup | None:
    what = join(el("b", model.label), f", {size(model.size_bytes)}. ", model.note)
    match model.state:
        case "downloading":
            return None  # its progress is shown as a job
        case "broken":
            return el("div", el("p", what), el("code", model.fix) if model.fix else None)
    label = f"Get {model.label}"
    return el("div", el("p", what, class_="facts"), button("Download", "pull", f"builtin/{model.name}", class_="quiet",
                                                             aria_label=label))  # fmt: skip


def _pull() -> Markup:
    field = el("input", type="text", name="value", required=True, placeholder="llama3.2", aria_label="Model to pull")
    return el("form", field, el("button", "Pull", type="submit"), data_act="pull", class_="inline")


def sampling_facts(facts: Facts) -> Markup:
    """What each option will really be, who decided it, and what the server will not listen to."""
    rows = [_option(name, value, origin, facts.ignored.get(name, "")) for name, (value, origin) in facts.values.items()]
    return el("table", el("caption", f"What {facts.model} will really use"), rows, class_="options")


def _option(name: str, value: object, origin: str, reason: str) -> Markup:
    shown = "random" if name == "seed" and value is None else "none" if value is None else str(value)
    if isinstance(value, list | tuple):
        shown = " ".join(map(str, value))
    why = f"ignored: {reason}" if reason else origin
    cells = (el("th", name.replace("_", " "), scope="row"), el("td", shown), el("td", why))
    return el("tr", cells, class_="ignored" if reason else None)
