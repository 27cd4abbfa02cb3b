"""Vision models of the reading lab: which are offered, what they are asked; nothing is computed twice or undone."""

from __future__ import annotations

import json
from dataclasses import replace

import gradio as gr
import pytest
from PIL import Image

from pipelines.engines.base import ModelInfo
from pipelines.engines.detect import OllamaStatus
from pipelines.reading.base import Transcript
from pipelines.reading.degrade import Degradation
from pipelines.reading.prompts import PRESETS
from pipelines.reading.vlm import VlmParams
from pipelines.recipe import choose
from playground.reading import choosing, comparing
from playground.reading.state import Page, Reading
from playground.tabs import sidebar
from playground.tabs.reader_form import ReaderForm
from playground.tabs.reading import Wiring
from playground.tabs.reading_parts import components
from playground.tabs.shell import Shell
from playground.views import read_model
from tests.reading_lab import SCAN, SESSION, boards, lab_of, opened, ran


@pytest.fixture(scope="module")
def services(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("reading")) as made:
        yield made


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
    first = choose("reader", "vlm")
    with gr.Blocks():
        form = ReaderForm(services, "A", first)
    shown = json.loads(form.value(first))
    assert list(shown["fields"])[:4] == ["model", "preset", "prompt", "long_side"]
    assert shown["fields"]["prompt"] == PRESETS["plain"].prompt

    def turned(**fields):
        return form.read(json.dumps({**shown, "fields": {**shown["fields"], **fields}}), first)

    assert turned() == first
    choice = turned(model="glm-ocr")
    assert (choice.params.model, choice.params.prompt) == ("glm-ocr", "")
    assert json.loads(form.after(choice, first))["fields"]["prompt"] == PRESETS["glm-ocr"].prompt
    own = turned(prompt="Read.")
    assert own.params.prompt == "Read."
    assert "your own words" in json.loads(form.after(own, first))["markup"]
    assert form.after(turned(long_side=512), first) == gr.skip(), "what a person is typing stays"
    ollama.capabilities["new:1b"] = SEEING
    assert "new:1b" in json.loads(form.refreshed(first))["markup"]
    assert form.refreshed(choose("reader", "tesseract")) == gr.skip()


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
