"""What fits into the context window, decided before sending: nothing is cut behind a person's back."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.events import ContextMeter, ContextShare

#: Tokens a chat template adds around one message, at most.
PER_MESSAGE = 8


def fit(
    *,
    instructions: int,
    question: int,
    history: Sequence[int],
    passages: Sequence[int],
    answer: int,
    num_ctx: int,
    exact: bool,
) -> ContextMeter:
    """Decide what goes into the prompt.

    The instructions, the question and room for the answer are always kept. Passages come in rank order,
    then history from the newest turn back, each while it fits: the best passage is the last to go.

    Args:
        instructions: Tokens of the system message and of the template around passages and question.
        question: Tokens of the question.
        history: Tokens of each earlier message, oldest first.
        passages: Tokens of each passage, best first.
        answer: Tokens kept free for the answer.
        num_ctx: The window.
        exact: Whether the counts are the model's own.

    Returns:
        The meter; shares are named "instructions", "history 1" (oldest), "passage 1" (best), "question",
        "room for the answer".
    """
    room = num_ctx - instructions - question - answer - 2 * PER_MESSAGE
    kept_passages = _prefix(passages, room)
    room -= sum(passages[:kept_passages])
    newest_first = [tokens + PER_MESSAGE for tokens in reversed(history)]
    kept_history = _prefix(newest_first, room)
    shares = [ContextShare("instructions", instructions + 2 * PER_MESSAGE)]
    for place, tokens in enumerate(history):
        shares.append(ContextShare(f"history {place + 1}", tokens, place >= len(history) - kept_history))
    for place, tokens in enumerate(passages):
        shares.append(ContextShare(f"passage {place + 1}", tokens, place < kept_passages))
    shares += [ContextShare("question", question), ContextShare("room for the answer", answer)]
    return ContextMeter(tuple(shares), num_ctx, exact)


def _prefix(sizes: Sequence[int], room: int) -> int:
    """How many of the first sizes fit together."""
    for place, size in enumerate(sizes):
        if size > room:
            return place
        room -= size
    return len(sizes)
