"""A language model as judge: LlamaIndex's evaluators, each grade a value or the reason why there is none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.engines.writing import Writer
from pipelines.errors import Cancelled, PlaygroundError

if TYPE_CHECKING:
    from llama_index.core.evaluation import BaseEvaluator

#: What a judge grades: 0 or 1, 0 or 1, 1 to 5.
GRADES = ("faithfulness", "relevancy", "correctness")

_VERDICT = re.compile(r"\b(yes|no)\b", re.IGNORECASE)
_SCORE = re.compile(r"(?<![\d.-])([1-5](?:\.\d+)?)(?![\d.]*\d)")


@dataclass(frozen=True)
class Grade:
    """What the judge gave, and its words; ``value`` None where it failed, ``said`` then says how."""

    value: float | None
    said: str


class Judge:
    """A writer that grades answers.

    The evaluators are LlamaIndex's with their own prompts, which do not fence the passages: a document that gives
    orders may talk a judge round.
    """

    def __init__(self, writer: Writer) -> None:
        from llama_index.core.evaluation import CorrectnessEvaluator, FaithfulnessEvaluator, RelevancyEvaluator

        from pipelines.engines.llama_index import as_llama_index

        llm = as_llama_index(writer)
        self.by = writer.by
        self._evaluators: dict[str, BaseEvaluator] = {
            "faithfulness": FaithfulnessEvaluator(llm=llm),
            "relevancy": RelevancyEvaluator(llm=llm),
            "correctness": CorrectnessEvaluator(llm=llm, parser_function=_score),
        }

    def faithfulness(self, question: str, answer: str, passages: Sequence[str]) -> Grade:
        """1 when the passages support the answer (LlamaIndex's FaithfulnessEvaluator)."""
        return self._verdict("faithfulness", query=question, response=answer, contexts=list(passages))

    def relevancy(self, question: str, answer: str, passages: Sequence[str]) -> Grade:
        """1 when answer and passages fit the question (LlamaIndex's RelevancyEvaluator)."""
        return self._verdict("relevancy", query=question, response=answer, contexts=list(passages))

    def correctness(self, question: str, answer: str, reference: str) -> Grade:
        """1 to 5 against a reference answer (LlamaIndex's CorrectnessEvaluator)."""
        return self._ask("correctness", query=question, response=answer, reference=reference)

    def _verdict(self, name: str, **asked: Any) -> Grade:
        """The evaluators take everything without a "yes" for a no; here what is neither is no grade."""
        if not asked["contexts"]:
            return Grade(None, "There was no passage to hold the answer against.")
        found = self._ask(name, **asked)
        if found.value is not None and not _VERDICT.search(found.said):
            return Grade(None, f"The judge said neither yes nor no: {_short(found.said)}")
        return found

    def _ask(self, name: str, **asked: Any) -> Grade:
        evaluator = self._evaluators[name]
        try:
            # In a thread of its own, because the caller's may have an event loop that runs.
            with ThreadPoolExecutor(1) as thread:
                found = thread.submit(lambda: asyncio.run(evaluator.aevaluate(**asked))).result()
        except Cancelled:
            raise
        except PlaygroundError as error:
            return Grade(None, str(error))
        except Exception as error:  # LlamaIndex's border: whatever broke there is this grade's failure
            return Grade(None, f"The evaluator broke: {error!r}.")
        if found.score is None:
            return Grade(None, found.feedback or "The judge gave no grade.")
        return Grade(float(found.score), (found.feedback or "").strip())


def _score(written: str) -> tuple[float | None, str]:
    """The first number from 1 to 5 on the first line that holds one; the rest is the reasoning."""
    for line in written.splitlines():
        found = _SCORE.search(line)
        if found is not None and float(found[1]) <= 5:
            return float(found[1]), written.strip()
    return None, f"The judge gave no grade from 1 to 5: {_short(written)}"


def _short(text: str) -> str:
    return f"“{' '.join(text.split())[:80]}”"
