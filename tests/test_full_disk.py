"""A real disk without room: what was confirmed is there, answers still arrive, and a person is told."""

import os
import subprocess

import pytest

from pipelines.conversations import Conversations
from pipelines.engines.base import Stats, TokenEvent
from pipelines.errors import StoreError
from pipelines.events import Answered, Retrieved
from pipelines.recipe import Recipe
from pipelines.runs.run import Begun, Ended
from pipelines.runs.store import Runs
from pipelines.settings import Settings
from playground.answers import Answers
from playground.runs.recorder import Recorder
from playground.services import Services, Upload
from playground.turn import Turn
from sample_docs import folder

ANSWER = Answered("A gale.", "quotes", True, (), "none", "", Stats())


@pytest.fixture
def disk(tmp_path):
    """Makes a small disk: ``disk(megabytes)``."""
    mounted = tmp_path / "disk"

    def mount(megabytes):
        mounted.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(mounted)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("no disk can be mounted here: tests/test_database.py limits the pages of a file instead")
        return mounted

    yield mount
    subprocess.run(["umount", "--lazy", str(mounted)], capture_output=True, check=False)


def fill(disk):
    """Take all the room there is."""
    descriptor = os.open(disk / "rest", os.O_WRONLY | os.O_CREAT)
    size = 1 << 20
    while size:
        try:
            os.write(descriptor, b"x" * size)
        except OSError:
            size //= 2
    os.close(descriptor)


def test_runs_that_were_confirmed_are_kept(disk):
    path, confirmed = disk(3) / "runs.sqlite", {}
    runs = Runs(path)

    def keep():
        answer = os.urandom(4000).hex()
        confirmed[runs.add(Begun("ask", question="q"), Ended(outputs={"answer": answer}))] = answer

    with pytest.raises(StoreError, match="the disk is full"):
        [keep() for _ in range(1000)]
    assert len(confirmed) > 10
    assert {run: runs.details(run).outputs["answer"] for run in confirmed} == confirmed
    runs.close()
    again = Runs(path)  # closing gave the room of the log back
    assert {run.id for run in again.find(limit=1000)} == set(confirmed)
    assert again._db.rows("pragma integrity_check") == [("ok",)]
    again.close()


def test_an_answer_arrives_though_its_run_is_not_kept(disk):
    mounted, told = disk(1), []
    runs = Runs(mounted / "runs.sqlite")
    fill(mounted)
    events = [Retrieved((), {}), ANSWER]
    passed = list(Recorder(runs, None, told.append).answering(Begun("ask", question="q"), iter(events)))
    assert passed == events
    assert told
    assert all("This run could not be kept" in words and "the disk is full" in words for words in told)
    runs.close()


def test_an_answer_is_shown_though_it_cannot_be_written(disk):
    folder = disk(1)
    chats, told = Conversations(folder / "chats.sqlite"), []
    answers = Answers(chats, told.append)
    chat = chats.create().id
    chats.add(chat, "user", "Why?")

    def source(cancel):
        yield TokenEvent("A ga")
        fill(folder)
        yield TokenEvent("x" * 100_000)
        yield ANSWER

    message = answers.start(chat, Turn("Why?"), "{}", source)
    *_, last = answers.follow(message)
    assert (last.state, last.text) == ("done", "A gale.")
    assert "the disk is full" in told[-1]
    assert answers.running(chat) == ""
    assert answers.peek(message).text == "A gale."  # a reload shows it too
    assert chats.messages(chat)[0].text == "Why?"
    answers.close()
    chats.close()


def test_a_document_that_finds_no_room_is_refused_and_the_others_stay(disk):
    mounted = disk(40)
    data = mounted / "data"
    settings = Settings(data_dir=data, models_dir=data / "models", offline=True, ollama_host="127.0.0.1:9")
    guide, report = folder() / "field-guide.md", folder() / "harbour-energy-report.pdf"
    services = Services.open(settings)
    assert services.library.add(guide).status == "indexed"
    fill(mounted)
    job = services.jobs.wait(services.add([Upload(report, report.name)], Recipe()))
    assert [one.status for one in job.outcomes] == ["failed"]
    assert "Free some space" in job.outcomes[0].fix
    assert "A run was not kept" in [one.title for one in services.notices.all()]
    assert services.library.search("How long is the causeway dry?").hits[0].document == guide.name
    (mounted / "rest").unlink()
    assert services.library.add(report).status == "indexed"
    assert [one.document for one in services.library.documents()] == [guide.name, report.name]
    services.close()
