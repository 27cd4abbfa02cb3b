"""The front door on real parts: documents in, passages and quoted answers out, nothing lost or mixed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import sample_docs
from pipelines import Library, Recipe, Settings
from pipelines.engines.base import Message
from pipelines.errors import Cancelled, StoreLocked, UsageError
from pipelines.events import Answered, Condensed, Failed, IndexProgress, Retrieved

QUOTES = Recipe().set(["answer=quotes"])
TIDES = "Spring tides follow the new and the full moon. Neap tides follow the quarters of the moon.\n"


def open_library(folder: Path) -> Library:
    """A library on a machine with no model: none downloaded, no Ollama."""
    settings = Settings(data_dir=folder, models_dir=folder / "models", offline=True, ollama_host="127.0.0.1:9")
    return Library.open(settings=settings)


@pytest.fixture
def library(tmp_path):
    with open_library(tmp_path / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    with open_library(tmp_path_factory.mktemp("samples")) as opened:
        for name in sample_docs.SAMPLES:
            opened.add(sample_docs.folder() / name)
        yield opened


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def test_samples_are_indexed_and_listed(samples):
    listed = {d.document: d for d in samples.documents()}
    assert list(listed) == list(sample_docs.SAMPLES)
    scan = next(d for d in listed.values() if d.status == "needs_ocr")
    assert (scan.pages, scan.pages_without_text, scan.chunks) == (1, 1, 0)
    assert all(d.chunks > 0 and d.words > 100 for d in listed.values() if d is not scan)


def test_hits_know_their_place(samples):
    found = samples.search("How are faults reported?", Recipe().set(["retriever.k=8"]))
    assert len(found.hits) == 8
    for hit in found.hits:
        document = samples.document(hit.document)
        assert document.text[hit.start : hit.end] == hit.text
        assert hit.page in hit.pages
        assert set(hit.scores) >= {"semantic", "keyword", "fused"}
    assert [hit.rank for hit in found.hits] == list(range(1, 9))
    assert all(a.score >= b.score for a, b in zip(found.hits, found.hits[1:], strict=False))


def test_a_hit_is_drawn_on_its_page(samples):
    hit = next(h for h in samples.search("energy").hits if h.document.endswith(".pdf"))
    rectangles = samples.rectangles(hit.document, hit.start, hit.end)
    assert {r.page for r in rectangles} == set(hit.pages)
    assert all(0 <= r.x0 < r.x1 <= 1 and 0 <= r.y0 < r.y1 <= 1 for r in rectangles)
    picture = samples.picture(hit.document, hit.page, 400)
    assert picture is not None
    assert picture.startswith(b"\x89PNG")


def test_only_the_named_documents_are_searched(samples):
    name = sample_docs.SAMPLES[0]
    assert {hit.document for hit in samples.search("the report", documents=[name]).hits} == {name}
    with pytest.raises(UsageError, match=r"no document 'nope\.pdf'"):
        samples.search("x", documents=["nope.pdf"])
    assert samples.search("x", documents=[]).hits == ()


def test_adding_twice_is_a_no_op(library, tmp_path):
    path = write(tmp_path / "tides.txt", TIDES)
    first, again = library.add(path), library.add(path)
    assert (first.status, again.status) == ("indexed", "unchanged")
    assert again.chunks == first.chunks == 1
    assert len(library.documents()) == 1


def test_a_changed_file_replaces_its_old_self(library, tmp_path):
    path = write(tmp_path / "tides.txt", TIDES)
    library.add(path)
    write(path, "The lighthouse was painted green.")
    assert library.add(path).status == "replaced"
    assert [h.text for h in library.search("moon").hits] == ["The lighthouse was painted green."]
    assert len(library.documents()) == 1


def test_another_file_of_the_same_name_gets_a_number(library, tmp_path):
    library.add(write(tmp_path / "a" / "notes.txt", TIDES))
    library.add(write(tmp_path / "b" / "notes.txt", "Something else."))
    assert [d.document for d in library.documents()] == ["notes.txt", "notes (2).txt"]


def test_an_upload_replaces_the_document_of_its_name(library):
    library.add_text("tides.txt", TIDES)
    assert library.add_text("tides.txt", "New text.").status == "replaced"


def test_a_bad_file_names_itself_and_the_way_out(library, tmp_path):
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\nnothing")
    outcome = library.add(broken)
    assert outcome.status == "failed"
    assert "broken.pdf" in outcome.reason
    assert outcome.fix
    missing = library.add(tmp_path / "missing.pdf")
    assert (missing.status, "missing.pdf" in missing.reason) == ("failed", True)
    assert library.add_text("fine.txt", TIDES).status == "indexed"


def test_a_removed_document_is_gone(library, tmp_path):
    library.add_text("tides.txt", TIDES)
    library.add_text("other.txt", "The lighthouse was painted green.")
    library.search("moon", Recipe().set(["chunker=fixed"]))  # a second collection holds them too
    library.remove("tides.txt")
    assert {h.document for h in library.search("moon").hits} == {"other.txt"}
    assert {h.document for h in library.search("moon", Recipe().set(["chunker=fixed"])).hits} == {"other.txt"}
    with pytest.raises(UsageError):
        library.remove("tides.txt")


def test_the_same_text_is_embedded_once(library, monkeypatch):
    from pipelines.embedding.builtin import BuiltinEmbedder

    embedded: list[str] = []
    real = BuiltinEmbedder.embed

    def counting(self, texts, kind="document", on_progress=None):
        embedded.extend(texts)
        return real(self, texts, kind, on_progress)

    monkeypatch.setattr(BuiltinEmbedder, "embed", counting)
    library.add_text("tides.txt", TIDES)
    assert len(embedded) == 1
    library.prepare(Recipe().set(["chunker=recursive"]))  # the same single chunk
    library.remove("tides.txt")
    library.add_text("renamed.txt", TIDES)
    assert len(embedded) == 1


def test_a_second_app_on_the_folder_gets_a_sentence(library):
    with pytest.raises(StoreLocked, match="Another playground has the data folder"):
        open_library(library.settings.data_dir)


def test_stop_leaves_nothing_half_done(library):
    stop = threading.Event()

    def on_progress(progress: IndexProgress) -> None:
        if progress.stage == "embedding" and progress.done > 0:
            stop.set()

    text = "".join(f"Ship number {n} came in with the tide and left again at dawn. " for n in range(900))
    path = write(library.settings.data_dir / "ships.txt", text)
    outcome = library.add(path, on_progress=on_progress, cancel=stop)
    assert outcome.status == "cancelled"
    assert library.documents() == []
    assert library.search("ship").hits == ()
    library.add_text("tides.txt", TIDES)
    with pytest.raises(Cancelled):
        library.prepare(Recipe().set(["chunker.size=16"]), cancel=stop)


KILLED = """
import sys, os, signal
from pipelines import Library, Settings
library = Library.open(settings=Settings(data_dir=sys.argv[1], offline=True))
stage, when = sys.argv[3], int(sys.argv[4])
def progress(p):
    if p.stage == stage and p.done >= when:
        os.kill(os.getpid(), signal.SIGKILL)
from pipelines.stores import edge
if stage == "upserted":
    from pipelines.catalog import Catalog
    Catalog.finish = lambda *a: os.kill(os.getpid(), signal.SIGKILL)
library.add(sys.argv[2], on_progress=progress)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
@pytest.mark.parametrize(("stage", "when"), [("embedding", 12), ("writing", 0), ("upserted", 0)])
def test_a_killed_run_leaves_no_half_document_and_goes_on(tmp_path, stage, when):
    text = "".join(f"Ship number {n} came in with the tide and left again at dawn.\n\n" for n in range(300))
    path = write(tmp_path / "ships.txt", text)
    with open_library(tmp_path / "data") as library:
        library.add_text("tides.txt", TIDES)
    command = [sys.executable, "-c", KILLED, str(tmp_path / "data"), str(path), stage, str(when)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    with open_library(tmp_path / "data") as library:
        assert [d.document for d in library.documents()] == ["tides.txt"]
        assert {h.document for h in library.search("ship").hits} == {"tides.txt"}
        counts: list[int] = []
        outcome = library.add(path, on_progress=lambda p: counts.append(p.done) if p.stage == "embedding" else None)
        assert outcome.status == "indexed"
        assert any(0 < done < outcome.chunks for done in counts) or stage != "embedding"
        assert {h.document for h in library.search("ship").hits} == {"ships.txt"}
        assert not [p for p in os.listdir(tmp_path / "data" / "documents") if p.startswith(".draft")]


def events_of(library, question, recipe=QUOTES, **more):
    return list(library.ask(question, recipe, **more))


def test_quotes_are_word_for_word_and_cited(samples):
    questions = [q for q in sample_docs.questions() if q.get("answerable", True)]
    right = 0
    for item in questions:
        events = events_of(samples, item["question"])
        assert isinstance(events[0], Retrieved)
        answered = events[-1]
        assert isinstance(answered, Answered)
        assert answered.engine == "none"
        for citation in answered.citations:
            text = samples.document(citation.hit.document).text
            for quote in citation.quotes:
                assert quote.check == "exact"
                assert " ".join(text[quote.start : quote.end].split()) == quote.text
        pages = {(c.hit.document, p) for c in answered.citations for p in c.hit.pages}
        right += (item["document"], item["page"]) in pages
    assert right / len(questions) >= 0.7, f"{right} of {len(questions)} quoted the right page"


@pytest.mark.parametrize(
    "question", ["What is the capital of Mongolia?", "How do I bake sourdough bread?", "What does fault E-512 mean?"]
)
def test_when_the_documents_do_not_say(samples, question):
    events = events_of(samples, question)
    answered = events[-1]
    assert isinstance(answered, Answered)
    assert not answered.answerable
    assert answered.citations == ()


def test_a_follow_up_is_understood(samples):
    history = [Message("user", "How are faults reported?"), Message("assistant", "By radio [1].")]
    events = events_of(samples, "And by whom?", history=history)
    assert isinstance(events[0], Condensed)
    assert "faults" in events[0].question


def test_quotes_need_no_engine_even_where_the_recipe_names_one(samples):
    recipe = QUOTES.set(["model=ollama", "model.name=gone"])
    history = [Message("user", "How are faults reported?"), Message("assistant", "By radio [1].")]
    assert isinstance(events_of(samples, "And by whom?", recipe, history=history)[-1], Answered)
    failed = events_of(samples, "By whom?", recipe.set(["answer=generated"]))[-1]
    assert isinstance(failed, Failed)
    assert "Ollama" in failed.error.message


def test_generated_without_a_model_is_an_error_with_a_way_out(samples):
    events = events_of(samples, "How are faults reported?", Recipe().set(["answer=generated"]))
    failed = events[-1]
    assert isinstance(failed, Failed)
    assert "playground pull builtin" in failed.error.fix


@pytest.mark.parametrize("style", ["quotes", "auto"])
def test_an_empty_library_says_so(library, style):
    answered = events_of(library, "Anything?", Recipe().set([f"answer={style}"]))[-1]
    assert isinstance(answered, Answered)
    assert not answered.answerable
