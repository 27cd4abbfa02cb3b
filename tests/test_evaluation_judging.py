"""Answers judged: grades by a scripted judge, what is told without one, and what fails."""

from __future__ import annotations

import asyncio
from threading import Event

import pytest

from pipelines.engines.base import DoneEvent, ModelInfo, Stats, TokenEvent
from pipelines.engines.llama_index import as_llama_index
from pipelines.engines.writing import Writer
from pipelines.errors import Cancelled, ContextOverflow, EngineFailed, EngineUnreachable
from pipelines.evaluation.grading import GRADES, _score
from pipelines.evaluation.judging import METRICS, judge, summary, warnings
from pipelines.evaluation.questions import Question, Quote
from pipelines.events import Answered, Citation, ContextMeter, ContextShare, Failed, QuoteFound, Retrieved
from pipelines.retrieval.base import Hit

URCHINS = Question("How do otters open urchins?", "sea.pdf", (Quote(0, 5, "stone"),), 1, "On a stone.")
KELP = Question("How fast does kelp grow?", "sea.pdf", (Quote(0, 5, "metre"),), 1)
PAYS = Question("Who pays for all this?", answerable=False)


class ScriptedJudge:
    """Answers each kind of prompt as it was told to.

    It stands for a capable model, which cannot run in the tests; what our code makes of good and bad grades is
    tested with it, not whether a model's grades are right.
    """

    name = "scripted"
    version = "1"

    def __init__(self, faithful="YES", relevant="YES", correct="4.5\nBoth name the stone.", parameters=7_000_000_000):
        self._by_mark = {
            "is supported by the context": faithful,
            "in line with the context": relevant,
            "## Reference Answer": correct,
        }
        self._parameters = parameters
        self.prompts: list[str] = []

    def info(self, model):
        return ModelInfo(model, parameters=self._parameters)

    def count_tokens(self, model, text):
        return len(text.split()), True

    def chat(self, model, messages, options, *, top_logprobs=0, think=None, schema=None, cancel=None):
        prompt = messages[-1].content
        self.prompts.append(prompt)
        answer = next(said for mark, said in self._by_mark.items() if mark in prompt)
        if isinstance(answer, Exception):
            raise answer
        yield TokenEvent(answer)
        yield DoneEvent("stop", Stats())


def hit(text, n=1):
    return Hit(n, 1.0, {}, f"id{n}", "sea.pdf", "doc", text, 0, len(text), 1, "1", (1,))


def answered(text, answerable=True, checks=(), **more):
    cited = tuple(Citation(n, hit("x"), (QuoteFound("x", check),)) for n, check in enumerate(checks, 1))
    return Answered(text, "generated", answerable, cited, "ollama", "small", Stats(), **more)


def asks(*last, passages=("Otters crack urchins on a stone.",)):
    hits = tuple(hit(text, n) for n, text in enumerate(passages, 1))
    events = iter(last)

    def ask(question):
        yield Retrieved(hits, {})
        event = next(events)
        if isinstance(event, BaseException):
            raise event
        if event is not None:
            yield event

    return ask


def judged(engine, questions, ask, **more):
    return list(judge(questions, ask, Writer(engine, "big", 4096), **more))


def test_a_good_answer_has_every_grade():
    engine = ScriptedJudge()
    ask = asks(answered("They crack them on a stone [1].", checks=["exact", "close", "none", "exact"]))
    (row,) = judged(engine, [URCHINS], ask)
    assert row.grades["faithfulness"] == row.grades["relevancy"] == row.grades["refusal"] == 1
    assert row.grades["correctness"] == 4.5
    assert [row.grades[f"quotes {name}"] for name in ("exact", "close", "none")] == [0.5, 0.25, 0.25]
    assert row.said["correctness"] == "4.5\nBoth name the stone."
    assert (row.engine, row.model, row.judge, row.style) == ("ollama", "small", "big (scripted)", "generated")
    assert (row.reasons, row.failed, row.notes) == ({}, "", ())
    assert set(row.grades) == set(METRICS)
    assert row.grades["seconds"] >= 0
    assert all("Otters crack urchins" in prompt for prompt in engine.prompts[:2])
    assert "On a stone." in engine.prompts[2]


def test_refusals_are_right_or_wrong_and_not_held_against_passages():
    engine = ScriptedJudge(correct="1\nIt refused.")
    ask = asks(*(answered("The documents do not say.", False) for _ in range(2)), answered("The town [1]."))
    wrong, right, made_up = judged(engine, [URCHINS, PAYS, PAYS], ask)
    assert [row.grades["refusal"] for row in (wrong, right, made_up)] == [0, 1, 0]
    assert wrong.grades["correctness"] == 1
    assert "faithfulness" not in wrong.grades
    assert "do not say" in wrong.reasons["faithfulness"]
    assert not set(GRADES) & set(right.grades)
    assert made_up.grades["faithfulness"] == 1


def test_without_a_reference_correctness_is_not_graded():
    (row,) = judged(ScriptedJudge(), [KELP], asks(answered("Fast.")))
    assert "correctness" not in row.grades
    assert row.reasons["correctness"] == "The question has no reference answer."
    assert "quotes exact" not in row.grades, "nothing is cited"


def test_only_the_passages_the_model_saw_are_held_against_it():
    meter = ContextMeter((ContextShare("passage 1", 9), ContextShare("passage 2", 9, kept=False)), 100, True)
    engine = ScriptedJudge()
    ask = asks(answered("On a stone.", meter=meter), passages=["Seen by it.", "Left out of it."])
    judged(engine, [KELP], ask)
    assert "Seen by it." in engine.prompts[0]
    assert "Left out" not in "".join(engine.prompts)
    (row,) = judged(ScriptedJudge(), [KELP], asks(answered("On a stone."), passages=[]))
    assert "no passage" in row.reasons["faithfulness"]


@pytest.mark.parametrize("said", ["", "Maybe.", "notably yesterday"])
def test_a_verdict_that_is_none_is_no_grade(said):
    (row,) = judged(ScriptedJudge(faithful=said, relevant="No, it is not."), [URCHINS], asks(answered("On a stone.")))
    assert "faithfulness" not in row.grades
    assert row.reasons["faithfulness"]
    assert row.grades["relevancy"] == 0


@pytest.mark.parametrize(
    ("said", "score"),
    [("4\nGood.", 4), ("4.0", 4), ("Score: 3.5/5\nWell", 3.5), ("\n\n2\n", 2), ("5.", 5), ("I think\nit is a 1", 1)]
    + [(said, None) for said in ("", "good", "10", "0", "5.5", "-3", "45", "3.14.15.9 2024")],
)
def test_scores_are_numbers_from_one_to_five(said, score):
    assert _score(said)[0] == score


def test_what_fails_is_told_in_its_row_and_the_others_go_on():
    engine = ScriptedJudge(faithful=EngineFailed("It broke."), correct="no idea")
    ask = asks(
        Failed(EngineFailed("Out of memory.")), EngineUnreachable("Gone."), None, KeyError("x"), answered("Yes.")
    )
    *rows, last = judged(engine, [URCHINS] * 5, ask)
    assert [row.failed for row in rows] == ["Out of memory.", "Gone.", "The answer never ended.", "KeyError('x')"]
    assert all(row.grades == {"answered": 0} for row in rows)
    assert last.reasons["faithfulness"] == "It broke."
    assert "no grade from 1 to 5" in last.reasons["correctness"]
    assert last.grades["relevancy"] == 1
    assert summary([*rows, last])["answered"].mean == pytest.approx(0.2)


def test_an_evaluator_that_breaks_is_a_reason():
    (row,) = judged(ScriptedJudge(relevant=RuntimeError("odd")), [KELP], asks(answered("Fast.")))
    assert "RuntimeError('odd')" in row.reasons["relevancy"]


def test_without_a_judge_the_rest_is_measured():
    ask = asks(answered("On a stone.", checks=["exact"]), answered("Nothing.", False))
    rows = list(judge([URCHINS, KELP], ask))
    found = summary(rows)
    assert list(found) == ["answered", "refusal", "quotes exact", "quotes close", "quotes none", "seconds"]
    assert found["refusal"].mean == 0.5
    assert all(row.judge == "" for row in rows)
    assert summary([]) == {}


def test_a_tiny_judge_and_one_that_judges_itself_are_told():
    rows = judged(ScriptedJudge(parameters=135_000_000), [KELP, KELP], asks(answered("Fast."), answered("Fast.")))
    assert warnings(rows) == ["The judge big (scripted) is a tiny model: its grades mean little."]
    own = Answered("Fast.", "generated", True, (), "scripted", "big", Stats())
    assert "of its own" in warnings(judged(ScriptedJudge(), [KELP], asks(own)))[0]
    assert warnings(judged(ScriptedJudge(), [KELP], asks(answered("Fast.")))) == []


def test_progress_and_stopping():
    stop, seen = Event(), []

    def told(done, total):
        seen.append((done, total))
        stop.set()

    running = judge([KELP, KELP], asks(answered("a"), answered("b")), on_progress=told, cancel=stop)
    next(running)
    with pytest.raises(Cancelled):
        next(running)
    assert seen == [(1, 2)]
    with pytest.raises(Cancelled):
        judged(ScriptedJudge(faithful=Cancelled()), [KELP], asks(answered("a")))
    with pytest.raises(Cancelled):
        list(judge([KELP], asks(answered("half", finish="cancelled"))))


def test_it_works_where_an_event_loop_runs_and_leaves_the_global_settings_alone():
    from llama_index.core import Settings

    before = Settings._llm

    async def inside():
        return judged(ScriptedJudge(), [URCHINS], asks(answered("On a stone.")))

    (row,) = asyncio.run(inside())
    assert row.grades["correctness"] == 4.5
    assert Settings._llm is before


def test_a_writer_as_llama_index_knows_models():
    llm = as_llama_index(Writer(ScriptedJudge(faithful="NO"), "big", 1000), tokens=50)
    prompt = "is supported by the context"
    assert llm.complete(prompt).text == "NO"
    assert [one.delta for one in llm.stream_complete(prompt)] == ["NO"]
    assert llm.metadata.num_output == 50
    assert llm.metadata.context_window < 1000
    assert llm.metadata.model_name == "big (scripted)"
    with pytest.raises(ContextOverflow):
        llm.complete(f"{prompt} " * 500)


@pytest.mark.builtin
def test_the_small_model_may_judge_badly_but_nothing_breaks(builtin_engine):
    name = builtin_engine.models()[0].name
    ask = asks(answered("They crack them on a stone [1]."))
    (row,) = judge([URCHINS], ask, Writer(builtin_engine, name, 2048))
    assert all(name in row.grades or row.reasons[name] for name in GRADES)
    assert any("tiny model" in note for note in row.notes)
