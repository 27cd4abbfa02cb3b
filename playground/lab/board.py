"""The chunking lab's board: all columns of a document, and the panels that compare them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event as CancelFlag
from typing import Any

from pipelines.errors import Cancelled, PlaygroundError
from pipelines.recipe import Recipe
from playground.lab import column
from playground.lab.column import Column, Scene
from playground.lab.differences import differences
from playground.lab.state import LETTERS, Lab, recipes
from playground.runs import labs
from playground.services import Services
from playground.state import Session
from playground.views import chunk_detail, columns, cut_figures, lab_hits


@dataclass(frozen=True)
class Board:
    """Everything the tab shows below its controls, as markup; None is what stays as it was."""

    strip: str | None = None
    toolbar: str | None = None
    columns: tuple[Column, ...] = (Column(),) * len(LETTERS)
    numbers: str | None = None
    detail: str | None = None
    found: str | None = None

    def markup(self) -> list[str | None]:
        """In the order of the components."""
        heads, bodies = [c.head for c in self.columns], [c.body for c in self.columns]
        return [self.strip, self.toolbar, *heads, *bodies, self.detail, self.found, self.numbers]


def draw(services: Services, session: Session, lab: Lab, flag: CancelFlag | None = None) -> Iterator[Board]:
    """The board as it comes to be; ends early when a newer wish of the same page begins."""
    flag = flag or services.tasks.begin(lab.id)
    made = recipes(session, lab)
    now = Board(strip=str(columns.strip(differences(made))))
    try:
        scene = Scene.of(services, lab)
    except PlaygroundError as error:
        yield _without_document(lab, now, error)
        return
    label = scene.sheet.page.label if scene.sheet.page else ""
    whole = now = replace(now, toolbar=str(columns.toolbar(lab, scene.sheet, label)))
    try:
        for whole in _columns(scene, made, now, flag):
            yield whole
        labs.settled_cuts(services, lab, scene.document, made, whole.columns)
        yield from _picked(scene, made, whole, flag)
    except Cancelled:
        if services.tasks.holds(lab.id, flag):  # a person stopped it; a newer wish would have taken its name
            yield _stopped(made, whole)
    finally:
        services.tasks.end(lab.id, flag)


def _without_document(lab: Lab, now: Board, error: PlaygroundError) -> Board:
    """An empty lab teaches; a document that failed says why."""
    empty = not lab.document and not lab.pasted.strip()
    body = str(columns.no_text()) if empty else str(columns.broken("A", error.message, error.fix))
    bodies = (body, *[""] * (len(LETTERS) - 1))
    blank = tuple(Column("", text) for text in bodies)
    return Board(now.strip, str(columns.toolbar(lab, None, "")), blank, "", "", "")


def _stopped(made: tuple[Recipe, ...], now: Board) -> Board:
    """What was done stays; a column that was not cut says that it was stopped."""
    ended = list(now.columns)
    for at, recipe in enumerate(made):
        one, letter = now.columns[at], LETTERS[at]
        head = str(columns.head(letter, recipe, one.made))
        ended[at] = replace(one, head=head) if one.made else Column(head, str(columns.stopped(letter)))
    return replace(now, columns=tuple(ended))


def _columns(scene: Scene, made: tuple[Recipe, ...], now: Board, flag: CancelFlag) -> Iterator[Board]:
    """Each column in turn; the panels that compare them with the last one, or while one takes long."""
    for at, recipe in enumerate(made):
        for grown in column.grow(scene, at, recipe, flag):
            now = replace(now, columns=(*now.columns[:at], grown, *now.columns[at + 1 :]))
            if at + 1 == len(made) or grown.made is None:
                now = replace(now, numbers=_numbers(now), found=_found(scene, made, now))
            if not flag.is_set():
                yield now


def _numbers(now: Board) -> str:
    pairs = [(c.made, c.figures) if c.made and c.figures else None for c in now.columns]
    return str(cut_figures.numbers(pairs))


def _found(scene: Scene, made: tuple[Recipe, ...], now: Board) -> str:
    if not scene.lab.asked.strip():
        return ""
    shown: list[Any] = []
    for recipe, one in zip(made, now.columns, strict=False):
        if one.found is None:
            shown.append("searching …")
            continue
        tokens = column.tokens_of(scene, recipe, [hit.text for hit in one.found])
        shown.append((one.found, tokens, sum(len(hit.text) for hit in one.found)))
    return str(lab_hits.hit_columns(scene.lab.asked, str(made[0].choice("retriever")), shown))


def _picked(scene: Scene, made: tuple[Recipe, ...], now: Board, flag: CancelFlag) -> Iterator[Board]:
    """The chunk a person picked; its neighbours follow when they are known."""
    place = scene.lab.picked_place
    cut = now.columns[place[0]].made if place else None
    if place is None or cut is None or place[1] >= len(cut.chunks):
        yield replace(now, detail="")
        return
    at, index = place
    chunk, text = cut.chunks[index], scene.document.text
    around = chunk.parents[0].span if chunk.parents else chunk.read
    tokens = [column.tokens_of(scene, made[at], [text[s.start : s.end]]) for s in (chunk.span, around)]
    unit = now.columns[at].figures.unit  # type: ignore[union-attr]  # a cut has its figures

    def shown(neighbours: Any) -> Board:
        panel = chunk_detail.detail(scene.document, cut.chunks, at, index, (tokens[0], tokens[1]), unit, neighbours)
        return replace(now, detail=str(panel))

    yield shown("Looking …")
    for step in column.nearest(scene, made[at], index, flag):
        yield shown(step)
