"""The reading lab's work without a page: one page, several, what a question finds, whether a model sees."""

from __future__ import annotations

import html
import os
import time
from contextlib import closing
from dataclasses import replace

import gradio as gr
import pytest
from PIL import Image

from pipelines.engines.base import ModelInfo
from pipelines.engines.detect import OllamaStatus
from pipelines.errors import PlaygroundError, UsageError
from pipelines.reading.base import Transcript
from pipelines.reading.degrade import Degradation
from pipelines.reading.prompts import PRESETS
from pipelines.reading.sight import Sight
from pipelines.reading.vlm import VlmParams
from pipelines.recipe import choose
from playground.reading import acting, board, choosing, comparing, finding, levels, running, seeing, several
from playground.reading.sheets import Sheets
from playground.reading.state import Many, Page, Reading, readers, with_column
from playground.services import Services
from playground.state import Session
from playground.tabs import sidebar
from playground.tabs.reader_form import ReaderForm
from playground.tabs.reading import Wiring
from playground.tabs.reading_parts import components
from playground.tabs.shell import Shell
from playground.tasks import Tasks
from playground.views import read_found, read_model
from playground.views import several as several_view
from sample_docs import folder
from tests.browser.conftest import settings_for

SESSION = Session()
HANDBOOK, SCAN = folder() / "lanternfish-handbook.pdf", folder() / "scanned-letter.pdf"


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    settings = settings_for(tmp_path_factory.mktemp("reading"))
    with closing(Services.open(settings)) as made:
        made.library.add(HANDBOOK)
        made.library.add(SCAN)
        yield made


def lab_of(document=HANDBOOK, number=5, names=("text-layer", "tesseract"), **more):
    lab = Reading(page=Page(document=document.name, number=number), **more)
    for at, name in enumerate(names):
        lab = with_column(SESSION, lab, at, choose("reader", name))
    return lab


def ran(services, lab):
    running.start(services, SESSION, lab)
    services.measurements.settle(lab.work("read"), 120)
    return running.run_of(services, lab)


def boards(services, lab):
    return list(board.draw(services, SESSION, lab, Tasks().begin(lab.id)))


def counted(monkeypatch, module):
    """Readings made from here on, by reader."""
    made, real = [], module.read_page

    def read(choice, *given, **more):
        made.append(choice.name)
        return real(choice, *given, **more)

    monkeypatch.setattr(module, "read_page", read)
    return made


# one page ---------------------------------------------------------------------------------------------


def test_a_page_is_read_by_each_column_and_not_twice(services, monkeypatch):
    lab = lab_of()
    run = ran(services, lab)
    assert [one.transcript.state for one in run.columns] == ["done", "done"]
    assert "Refit the guard" in run.columns[1].transcript.text
    made = counted(monkeypatch, running)
    other = with_column(SESSION, lab, 0, choose("reader", {"name": "tesseract", "params": {"page_mode": "block"}}))
    run = ran(services, other)
    assert made == ["tesseract"], "only the column that is new"
    (*_, last) = boards(services, other)
    assert all(one is not None and one.state == "done" for one in last.shown)
    assert 'class="word-boxes' in last.markup()[1]


def test_another_page_shows_none_of_what_was_read(services):
    lab = lab_of()
    ran(services, lab)
    for other in (lab.to(page=Page(document=HANDBOOK.name, number=2)), lab.to(degrade=Degradation(blur=3))):
        assert all(one.shown == [None, None] for one in boards(services, other)), "not even before it is drawn"


def test_a_page_that_is_not_there_is_a_message(services):
    lab = lab_of(number=900)
    (*_, last) = boards(services, lab)
    assert "has no page 900" in last.markup()[1]
    assert ran(services, lab).state == "failed"


def test_a_document_too_many_pages_on_turns_to_its_last(services):
    assert acting.page_of(services, HANDBOOK.name, lab_of(), 900) < 100
    assert acting.page_of(services, SCAN.name, lab_of(), 5) == 1


def test_an_upload_is_kept_for_a_week(tmp_path):
    given = tmp_path / "given.png"
    given.write_bytes(b"old")
    sheets = Sheets(None, tmp_path / "uploads")
    old, young = sheets.upload(given, "given.png"), sheets.upload(given, "given.png")
    eight_days_ago = time.time() - 8 * 24 * 3600
    os.utime(tmp_path / "uploads" / old, (eight_days_ago, eight_days_ago))
    newest = sheets.upload(given, "given.png")
    assert {path.name for path in (tmp_path / "uploads").iterdir()} == {young, newest}
    given.unlink()
    with pytest.raises(UsageError, match=r"given\.png cannot be kept"):
        sheets.upload(given, "given.png")


# several pages ----------------------------------------------------------------------------------------


def read_several(services, lab, seconds=240):
    several.start(services, SESSION, lab)
    services.measurements.settle(lab.work("many"), seconds)
    return several.several(services, lab)


def test_pages_by_readers_by_strengths(services):
    lab = lab_of(many=Many(pages="5-6", worse="none; blur=3"))
    found = read_several(services, lab)
    assert (found.state, len(found.rows), found.total) == ("done", 8, 8)
    assert [row.page for row in found.of(1, 0)] == [5, 6]
    assert all(row.metrics.cer == 0 for row in found.of(0, 1)), "the text layer knows nothing of blur"
    sharp, blurred = ([row.metrics.cer for row in found.of(1, at)] for at in (0, 1))
    assert max(sharp) < min(blurred)
    markup = several_view.several(found)
    assert markup.count('class="chart"') == 3
    assert "blur 3: " in markup
    assert "blur=3" in markup
    assert "Medians of 2 pages" in markup


def test_a_page_without_truth_is_read_and_not_measured(services):
    found = read_several(services, lab_of(SCAN, many=Many(pages="1", worse="none")))
    assert found.without_truth == (1,)
    assert [row.metrics for row in found.rows] == [None, None]
    assert "Without a text layer" in several_view.several(found)


def test_levels_that_do_several_things_at_once_are_steps(services):
    lab = lab_of(many=Many(pages="5", worse="none; blur=3; dpi=100,blur=2", without=(0,)))
    found = read_several(services, lab)
    assert [(str(row.reader), str(row.degradation)) for row in found.rows] == [
        ("tesseract", "none"), ("tesseract", "blur=3"), ("tesseract", "dpi=100,blur=2"),
    ]  # fmt: skip
    errors = [found.of(0, at)[0].metrics.cer for at in range(3)]
    assert errors[0] < errors[1] < errors[2]
    markup = several_view.several(found)
    assert "<li>dpi=100,blur=2</li>" in markup
    assert "level 3: " in markup
    assert "col-b" in markup
    assert "col-a" not in markup, "a reader keeps the letter of its column"


def test_a_run_is_stopped_and_keeps_what_it_read(services):
    lab = lab_of(many=Many(pages="5", worse="none; blur=1"))
    several.start(services, SESSION, lab)
    services.measurements.halt(lab.work("many"))
    assert several.several(services, lab).state == "stopped"


@pytest.mark.parametrize(
    ("typed", "name", "places"),
    [
        ("none; blur=1; blur=2", "blur", (0, 1, 2)),
        ("none; dpi=150; dpi=70", "dpi", (200, 150, 70)),
        ("noise=8; noise=8,jpeg=40; noise=8,jpeg=10", "jpeg", (100, 40, 10)),
        ("none; blur=2; blur=1", "level", (1, 2, 3)),
        ("none; dpi=100; dpi=100,blur=1", "level", (1, 2, 3)),
        ("noise=8; noise=16,seed=1", "level", (1, 2)),
        ("none", "level", (1,)),
    ],
)
def test_the_axis_of_levels(typed, name, places):
    axis = levels.axis_of(levels.levels_of(typed))
    assert (axis.name, axis.places) == (name, places)
    assert axis.scaled == (name != "level")


def test_every_preset_of_levels_can_be_run():
    for _, typed in levels.PRESETS:
        assert len(levels.levels_of(typed)) == 4


@pytest.mark.parametrize(
    ("many", "said"),
    [
        (Many(pages="x"), "not a list of pages"),
        (Many(pages="1-99"), "too many"),
        (Many(worse="much"), "is no degradation"),
        (Many(worse=" ; "), "1 to 8 levels"),
        (Many(worse="blur=99"), "blur=99"),
        (Many(worse="; ".join(f"blur={n}" for n in range(9))), "1 to 8 levels"),
        (Many(without=(0, 1)), "No reader is chosen"),
    ],
)
def test_what_cannot_be_run_is_said(services, many, said):
    with pytest.raises(PlaygroundError, match=said):
        several.start(services, SESSION, lab_of(many=many))


def test_a_page_beyond_the_last_ends_the_run_with_a_message(services):
    found = read_several(services, lab_of(many=Many(pages="5,900", worse="none")))
    assert found.state == "failed"
    assert len(found.rows) == 2, "what was read is kept"
    assert "has no page 900" in several_view.several(found)


# what it does to retrieval ----------------------------------------------------------------------------


def test_each_readers_text_is_searched(services):
    lab = lab_of(asked="What is done with the bolts of the guard?")
    with pytest.raises(UsageError, match="No column has read"):
        finding.start(services, SESSION, lab)
    ran(services, lab)
    finding.start(services, SESSION, lab)
    services.measurements.settle(lab.work("find"), 120)
    found = finding.found(services, lab)
    assert [one.reader.name for one in found.rows] == ["text-layer", "tesseract"]
    assert all("bolts" in one.hits[0].text for one in found.rows)
    assert "same for every reader" in read_found.found(found)
    with pytest.raises(UsageError, match="No column has read"):  # another page was read
        finding.start(services, SESSION, lab.to(page=Page(document=HANDBOOK.name, number=2)))
    with pytest.raises(UsageError, match="no question"):
        finding.start(services, SESSION, lab.to(asked=" "))


def test_a_hostile_text_is_escaped(services):
    lab = lab_of(asked="<script>")
    ran(services, lab)
    finding.start(services, SESSION, lab)
    services.measurements.settle(lab.work("find"), 120)
    assert "<script>" not in read_found.found(finding.found(services, lab))


# does it see? -----------------------------------------------------------------------------------------


def test_only_a_vision_column_is_asked(services):
    with pytest.raises(UsageError, match="no vision model"):
        seeing.start(services, SESSION, lab_of(), 1)
    with pytest.raises(UsageError, match="no vision model"):
        seeing.start(services, SESSION, lab_of(), 3)


def test_without_ollama_the_column_says_what_to_type(services):
    lab = lab_of(names=("text-layer", "vlm"))
    (*_, last) = boards(services, lab)
    head = last.markup()[3]
    assert "Does it see?" in head
    said = choosing.advice(services, "")
    assert not said.fits
    assert said.line
    assert said.line in html.unescape(read_model.advice(said, "plain"))
    assert "Does it see?" not in last.markup()[2]
    seeing.start(services, SESSION, lab, 1)
    services.measurements.settle(lab.work("sight"), 60)
    assert seeing.looking(services, lab).state == "failed"
    assert 'role="alert"' in read_found.sight(seeing.looking(services, lab))


@pytest.mark.parametrize(("sees", "told"), [(True, "Yes, it sees"), (False, "No, it does not see")])
def test_what_a_model_answered_is_told_and_escaped(sees, told):
    """A model that is asked really: tests/browser/test_reading.py."""
    answered = seeing.Looking(column=1, model="m", state="done", rows=(Sight(sees, "ACE47", "<b>ACE47", 1.2, "m:1b"),))
    markup = read_found.sight(answered)
    assert told in markup
    assert "ACE47" in markup
    assert "m:1b" in markup
    assert "<b>ACE47" not in markup


# which models are offered ---------------------------------------------------------------------------------


class FakeOllama:
    """Stands for a look at an Ollama: which models it has, and what they can do."""

    def __init__(self, monkeypatch, services, **capabilities):
        self.capabilities = capabilities
        monkeypatch.setattr(services.library.engines, "look", self.look)

    def look(self, max_age_s=0.0):
        models = (ModelInfo(name, capabilities=frozenset(can)) for name, can in self.capabilities.items())
        return OllamaStatus("running", "http://nowhere", "0.32", tuple(models))


SEEING, BLIND = ("completion", "vision"), ("completion",)


def test_only_models_that_see_are_offered(services, monkeypatch):
    FakeOllama(monkeypatch, services, **{"eye:1b": SEEING, "blind:1b": BLIND, "glm-ocr:latest": SEEING})
    assert choosing.entries(choosing.models(services)) == [
        ("Automatic", ""), ("eye:1b", "eye:1b"), ("glm-ocr:latest", "glm-ocr:latest")
    ]  # fmt: skip
    said = choosing.advice(services, "")
    assert (said.words, said.blind) == ("eye:1b reads", ("blind:1b",))
    assert "would invent what they read: blind:1b" in read_model.advice(said, "plain")
    assert choosing.advice(services, "glm-ocr").fits, "without a tag it is the latest"
    blind = choosing.advice(services, "blind:1b")
    assert not blind.fits
    assert "would be invented" in blind.words


def test_a_model_that_is_not_there_has_its_pull_line(services, monkeypatch):
    FakeOllama(monkeypatch, services, **{"eye:1b": SEEING})
    online = replace(services, settings=services.settings.model_copy(update={"offline": False}))
    said = choosing.advice(online, "<b>big:7b")
    assert (said.line, said.pull) == ("ollama pull <b>big:7b", "<b>big:7b")
    markup = read_model.advice(said, "")
    assert "<b>big" not in markup
    assert 'data-act="pull"' in markup
    assert choosing.advice(services, "big:7b").pull == "", "nothing is fetched where downloads are off"
    FakeOllama(monkeypatch, services, **{"blind:1b": BLIND})
    assert "No model of this Ollama sees" in choosing.advice(services, "").words


def test_the_question_follows_the_models_family(services, monkeypatch):
    FakeOllama(monkeypatch, services, **{"glm-ocr:latest": SEEING, "eye:1b": SEEING})
    there = choosing.models(services)
    for model, preset in (("", "glm-ocr"), ("eye:1b", "plain"), ("granite-docling", "granite-docling")):
        params = VlmParams(model=model)
        assert choosing.preset_of(params, there) == preset
        assert choosing.question_of(params, there) == PRESETS[preset].prompt
    assert choosing.question_of(VlmParams(preset="markdown"), there) == PRESETS["markdown"].prompt
    assert choosing.question_of(VlmParams(prompt="Read."), there) == "Read."
    assert choosing.own_words(PRESETS["glm-ocr"].prompt) == ""
    assert choosing.own_words(" Read. ") == "Read."


def test_a_form_shows_the_question_and_keeps_only_ones_own(services, monkeypatch):
    ollama = FakeOllama(monkeypatch, services, **{"eye:1b": SEEING})
    with gr.Blocks():
        form = ReaderForm(services, "A", choose("reader", "vlm"))
    names = list(form.components)
    assert names[:4] == ["model", "preset", "prompt", "long_side"]
    shown = dict(zip(names, (update.get("value") for update in form.show(choose("reader", "vlm"))[2:-1]), strict=True))
    assert shown["prompt"] == PRESETS["plain"].prompt
    choice = form.read("vlm", tuple({**shown, "model": "glm-ocr"}.values()))
    assert (choice.params.model, choice.params.prompt) == ("glm-ocr", "")
    updates = dict(zip(names, form.followed(choice, tuple(shown.values()))[2:], strict=False))
    assert updates["prompt"]["value"] == PRESETS["glm-ocr"].prompt
    assert form.read("vlm", tuple({**shown, "prompt": "Read."}.values())).params.prompt == "Read."
    ollama.capabilities["new:1b"] = SEEING
    menu, _, _ = form.refreshed(choose("reader", "vlm"))
    assert ("new:1b", "new:1b") in menu["choices"]
    assert "value" not in menu, "what a person is typing stays"


def test_a_document_is_read_by_a_model_that_has_a_name(services, monkeypatch):
    FakeOllama(monkeypatch, services, **{"eye:1b": SEEING})
    asked = []
    monkeypatch.setattr(type(services), "read", lambda self, name, recipe: asked.append((name, recipe)))
    for typed in ("", " big:7b "):
        sidebar.act(services, SESSION, "look", SCAN.name, typed)
    assert [recipe.choice("reader").params.model for _, recipe in asked] == ["eye:1b", "big:7b"]
    listed = sidebar.documents(services, SESSION)
    assert '<option value="eye:1b">' in listed
    assert 'data-act="look"' in listed


# nothing is computed twice, nothing newer undone ------------------------------------------------------------


def test_what_was_compared_is_remembered(services, monkeypatch):
    lab = lab_of(degrade=Degradation(blur=2))
    ran(services, lab)
    made = []
    for name in ("differences", "measure"):
        real = getattr(comparing, name)
        monkeypatch.setattr(comparing, name, lambda *given, real=real: (made.append(real.__name__), real(*given))[1])
    for _ in range(3):
        (*_, last) = boards(services, lab)
        last.markup()
    assert sorted(made) == ["differences", "differences", "measure", "measure"], "once for each column"
    (*_, zoomed) = boards(services, lab.to(zoom=200))
    zoomed.markup()
    assert len(made) == 4
    other = lab.to(normalising={"case": True})
    for one in (other, lab, other):
        (*_, last) = boards(services, one)
        last.markup()
    assert len(made) == 8, "another normalisation once, the first one never again"


def test_a_turn_of_a_slider_that_comes_late_is_not_kept(services):
    with gr.Blocks():
        kept, state = gr.BrowserState({}), gr.BrowserState({})
        shell = Shell(kept, gr.BrowserState({}), gr.HTML(), gr.HTML(), gr.Radio())
        wiring = Wiring(services, shell, components(services, state))
    lab = services.labs.now(Reading, lab_of().keep())
    drawn = [list(wiring.redraw(SESSION, lab.to(degrade={"blur": blur}), made)) for blur, made in ((3, 2e3), (1, 1e3))]
    assert services.labs.now(Reading, lab.keep()).degrade.blur == 3
    assert len(drawn[0]) > len(drawn[1]), "it is not drawn either"


def test_text_on_a_blank_page_is_flagged(services, tmp_path):
    blank = tmp_path / "blank.png"
    Image.new("RGB", (600, 800), "white").save(blank)
    lab = Reading(page=Page(upload=services.sheets.upload(blank, "blank.png"), name="blank.png"))
    assert ran(services, lab).ink == 0
    invented = Transcript("vlm", " ".join(f"word{n}" for n in range(30)), finish="stop")
    assert "blank_page" in [flag.name for flag in comparing.flags(invented, [], None, 0.0)]
    assert comparing.flags(invented, [], None, 0.1) == []


def test_readers_begin_with_what_is_installed():
    assert [one.name for one in readers(SESSION, Reading())][:2] == ["text-layer", "tesseract"]
