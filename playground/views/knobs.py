"""A form of knobs as markup, without values: ``assets/knobs.js`` fills them in and reads them back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from playground.forms import Control
from playground.views.html import Child, el, fold

#: What the menu of models calls one that it does not list.
OTHER = "Another model …"


@dataclass(frozen=True)
class Remark:
    """What is to be said of one knob as things stand."""

    ignored: str = ""  # why it is not taken; it is greyed
    standing: float | None = None  # what stands in for an empty box
    origin: str = ""  # where that comes from

    def of(self, info: str) -> str:
        """What hovering tells, given what it tells of the knob."""
        if self.ignored:
            return f"Ignored: {self.ignored}"
        return info if self.standing is None else f"{info} Now {self.standing:g}, from the {self.origin}."


@dataclass(frozen=True)
class Entry:
    """One line of a menu."""

    label: str
    value: str
    usable: bool = True


def form(
    place: str,
    controls: Sequence[Control],
    *,
    menu: Sequence[Entry] = (),
    label: str = "",
    remarks: Mapping[str, Remark] | None = None,
    models: Sequence[Entry] = (),
    after: Mapping[str, Markup] | None = None,
) -> Markup:
    """The menu of parts and the knobs of one of them.

    Args:
        place: Begins the ids of everything in it, so that no two forms of a page share one.
        controls: The knobs; those that fold come last, behind "More".
        menu: The parts; none: what is chosen is chosen elsewhere.
        label: Of the menu, for those who do not see it.
        remarks: Field -> what is to be said of it.
        models: What a menu of models offers.
        after: Field -> what stands below its knob.
    """
    said, below = remarks or {}, after or {}

    def drawn(fields: Sequence[Control]) -> list[Child]:
        return [[_knob(place, one, said.get(one.field, Remark()), models), below.get(one.field)] for one in fields]

    folded = [one for one in controls if one.fold]
    return el(
        "div",
        _menu(place, menu, label) if len(menu) > 1 else None,
        drawn([one for one in controls if not one.fold]),
        fold("More", drawn(folded), class_="more") if folded else None,
        class_="knob-form",
        role="group",
        aria_label=label or None,
    )


def _menu(place: str, menu: Sequence[Entry], label: str) -> Markup:
    entries = [el("option", one.label, value=one.value, disabled=not one.usable) for one in menu]
    return el("div", el("select", entries, data_menu=True, aria_label=label), class_="knob-menu", id=place)


def _knob(place: str, control: Control, remark: Remark, models: Sequence[Entry]) -> Markup:
    """One line: the name, the control, and what hovering tells."""
    name = f"{place}-{control.field}"
    greyed = bool(remark.ignored)
    given: dict[str, str | bool] = {
        "id": f"{name}-box", "name": control.field, "aria_describedby": f"{name}-info", "disabled": greyed,
    }  # fmt: skip
    return el(
        "div",
        el("label", control.label, for_=f"{name}-box"),
        _box(control, given, remark, models),
        el("span", remark.of(control.info), class_="info-text", role="tooltip", id=f"{name}-info"),
        class_=f"knob {control.kind}" + (" optional" if control.optional else "") + (" ignored" if greyed else ""),
        id=name,
        data_only=json.dumps({field: list(allowed) for field, allowed in control.only.items()})
        if control.only
        else None,
    )


def _box(control: Control, given: dict[str, str | bool], remark: Remark, models: Sequence[Entry]) -> Child:
    match control.kind:
        case "slider":
            slide = el(
                "input", type="range", aria_label=control.label, disabled=given["disabled"],
                min=control.minimum, max=control.usual or control.maximum, step=control.step,
                data_standing=remark.standing,
            )  # fmt: skip
            return [slide, _number(control, given, remark)]
        case "integer" | "number":
            return _number(control, given, remark)
        case "choice":
            own: list[tuple[str, Any]] = [(control.nothing, None)] if control.optional else []
            return el("select", _options([*own, *((str(one), one) for one in control.choices)]), **given)
        case "model":
            other = el("option", OTHER, value="other")
            typed = el("input", type="text", class_="other", placeholder="its name", aria_label=OTHER, hidden=True)
            return [el("select", _options([(one.label, one.value) for one in models]), other, **given), typed]
        case "switch":
            return el("input", type="checkbox", **given)
        case _:
            lines = 2 if control.kind == "lines" else control.lines
            if lines == 1:
                return el("input", type="text", spellcheck="false", **given)
            return el("textarea", rows=lines, spellcheck="false", **given)


def _options(entries: Sequence[tuple[str, Any]]) -> list[Child]:
    return [el("option", text, value=json.dumps(value)) for text, value in entries]


def _number(control: Control, given: dict[str, str | bool], remark: Remark) -> Markup:
    empty = control.nothing if control.optional else f"{control.default:g}"
    if remark.standing is not None:
        empty = f"{remark.standing:g}"
    return el(
        "input", type="number", min=control.minimum, max=control.maximum, step=control.step or "any",
        placeholder=empty, **given,
    )  # fmt: skip
