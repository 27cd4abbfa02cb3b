"""Work in the background: jobs, answers that outlive a page, callbacks as a stream."""

from dataclasses import replace
from threading import Event

import pytest

from pipelines.conversations import Conversations
from pipelines.engines.base import Stats, TokenEvent
from pipelines.errors import Cancelled, EngineFailed, PlaygroundError
from pipelines.events import Answered, Failed, Indexed, IndexProgress, Retrieved
from playground.answers import Answers
from playground.background import passing
from playground.jobs import Jobs, Outcome
from playground.turn import Turn, fold

ENDED = Answered("one two", "generated", True, (), "ollama", "m", Stats())


@pytest.fixture
def jobs():
    made = Jobs()
    yield made
    made.close()


def step(n):
    return IndexProgress("a", "embedding", n, 9)


def test_jobs_run_in_order_and_report(jobs):
    gate, order = Event(), []

    def work(name):
        def run(report, cancel):
            gate.wait(10)
            order.append(name)
            report(step(3))
            yield Outcome(Indexed(name, "id", "indexed"))

        return run

    first, second = jobs.submit("index", "one", work("a")), jobs.submit("index", "two", work("b"))
    seen = jobs.version
    gate.set()
    done = [jobs.wait(job) for job in (first, second)]
    assert order == ["a", "b"]
    assert [job.state for job in done] == ["done", "done"]
    assert done[0].progress == step(3)
    assert [o.document for o in done[1].outcomes] == ["b"]
    assert jobs.version > seen
    jobs.forget(first)
    assert [job.id for job in jobs.snapshot()] == [second]


def test_a_download_does_not_wait_for_indexing(jobs):
    gate = Event()

    def slow(report, cancel):
        gate.wait(10)
        return ()

    index = jobs.submit("index", "slow", slow)
    assert jobs.wait(jobs.submit("pull", "quick", lambda report, cancel: ())).state == "done"
    gate.set()
    assert jobs.wait(index).state == "done"


def test_cancel_running_and_waiting(jobs):
    started = Event()

    def patient(report, cancel):
        started.set()
        cancel.wait(10)
        raise Cancelled

    running, waiting = jobs.submit("index", "one", patient), jobs.submit("index", "two", patient)
    started.wait(10)
    jobs.cancel(waiting)
    jobs.cancel(running)
    jobs.cancel("no such job")
    assert jobs.wait(running).state == "cancelled"
    assert jobs.wait(waiting).state == "cancelled"


@pytest.mark.parametrize("error", [PlaygroundError("It broke.", "Mend it."), ZeroDivisionError("x")])
def test_an_error_is_kept_and_the_queue_goes_on(jobs, error):
    def broken(report, cancel):
        raise error

    bad = jobs.wait(jobs.submit("index", "bad", broken))
    assert bad.state == "failed"
    assert bad.error.fix
    assert jobs.wait(jobs.submit("index", "good", lambda report, cancel: ())).state == "done"


def test_a_failed_file_stays_in_sight_until_it_succeeds_or_is_dismissed(jobs):
    def ends(status):
        return lambda report, cancel: [Outcome(Indexed("a.pdf", "", status))]

    jobs.wait(jobs.submit("index", "", ends("failed")))
    jobs.wait(jobs.submit("index", "", ends("failed")))
    assert [f.outcome.document for f in jobs.failures()] == ["a.pdf"]
    jobs.wait(jobs.submit("index", "", ends("indexed")))
    assert jobs.failures() == ()
    jobs.wait(jobs.submit("index", "", ends("failed")))
    failure = jobs.failures()[0]
    assert jobs.failure(failure.id) == failure
    assert jobs.dismiss(failure.id) == failure
    assert jobs.failures() == ()


def test_passing_yields_then_raises():
    def work(report):
        report(1)
        report(2)
        raise PlaygroundError("It broke.")

    stream = passing(work)
    assert [next(stream), next(stream)] == [1, 2]
    with pytest.raises(PlaygroundError, match="It broke"):
        next(stream)


@pytest.fixture
def answers(tmp_path):
    store = Conversations(tmp_path / "c.sqlite")
    made = Answers(store)
    yield made, store, store.create().id
    made.close()
    store.close()


def finished(made, message):
    return list(made.follow(message))[-1]


def test_an_answer_grows_is_followed_twice_and_kept(answers):
    made, store, chat = answers
    gate = Event()

    def source(cancel):
        yield TokenEvent("one ")
        gate.wait(10)
        yield TokenEvent("two")
        yield ENDED

    message = made.start(chat, Turn("q"), "{}", source)
    assert made.running(chat) == message
    one, two = made.follow(message), made.follow(message)
    assert next(one).state == next(two).state == "running"
    gate.set()
    assert list(one)[-1].text == list(two)[-1].text == "one two"
    kept = store.find(message)
    assert (kept.state, kept.text, kept.style) == ("done", "one two", "generated")
    assert made.running(chat) == ""
    assert list(made.follow(message)) == []


def test_stop_keeps_the_text_so_far(answers):
    made, store, chat = answers

    def source(cancel):
        yield TokenEvent("so far")
        cancel.wait(10)
        raise Cancelled

    message = made.start(chat, Turn("q"), "{}", source)
    made.stop(store.create().id)  # another conversation: nothing to stop
    assert made.running(chat) == message
    made.stop(chat)
    last = finished(made, message)
    assert (last.state, last.text) == ("stopped", "so far")
    assert store.find(message).state == "stopped"


@pytest.mark.parametrize(
    "error", [EngineFailed("It broke.", "Mend it.", partial="so"), ZeroDivisionError("x")], ids=["foreseen", "not"]
)
def test_an_error_ends_an_answer_with_a_way_out(answers, error):
    made, store, chat = answers
    gate = Event()

    def source(cancel):
        yield TokenEvent("so")
        gate.wait(10)
        raise error

    message = made.start(chat, Turn("q"), "{}", source)
    stream = made.follow(message)
    next(stream)
    gate.set()
    last = list(stream)[-1]
    assert (last.state, last.text) == ("failed", "so")
    assert last.fault.fix
    assert store.find(message).state == "failed"


def test_closing_stops_and_saves(tmp_path):
    store = Conversations(tmp_path / "c.sqlite")
    made = Answers(store)
    started = Event()

    def source(cancel):
        yield TokenEvent("so far")
        started.set()
        cancel.wait(10)
        raise Cancelled

    message = made.start(store.create().id, Turn("q"), "{}", source)
    started.wait(10)
    made.close()
    assert (store.find(message).state, store.find(message).text) == ("stopped", "so far")
    store.close()


def test_fold():
    turn = fold(Turn("q"), step(1))
    assert turn.preparing == step(1)
    turn = fold(turn, Retrieved((), {"semantic": 0.1}))
    assert turn.preparing is None
    assert turn.hits == ()
    turn = fold(fold(turn, TokenEvent("a")), TokenEvent("b"))
    assert turn.text == "ab"
    assert fold(turn, ENDED).state == "done"
    assert fold(turn, replace(ENDED, finish="cancelled")).state == "stopped"
    failed = fold(turn, Failed(EngineFailed("It broke.", "Mend it."), ""))
    assert (failed.state, failed.text, failed.fault.kind) == ("failed", "ab", "EngineFailed")
