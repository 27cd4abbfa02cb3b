"""The built-in model's whole distribution before chosen tokens of an answer it gave."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from threading import Event as CancelFlag
from typing import TYPE_CHECKING, Any

from pipelines.engines.base import Message
from pipelines.engines.builtin_runtime import Loaded
from pipelines.engines.builtin_wire import translate, turns
from pipelines.errors import Cancelled, EngineFailed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: Numbers of the tokens (V,) and their log-probabilities (V,), the likeliest first.
    Distribution = tuple[NDArray[np.int32], NDArray[np.float32]]

#: One token, drawn at no cost and thrown away; the server gives no probabilities with an end of turn, so none is said.
REQUEST = {"n_predict": 1, "temperature": 0, "ignore_eos": True, "cache_prompt": True}

#: Seconds; a request waits for the answers before it, and for the prompt to be read.
PATIENCE_S = 600


def distributions(
    loaded: Loaded,
    model: str,
    messages: Sequence[Message],
    ids: Sequence[int],
    at: Collection[int],
    vocabulary: int,
    cancel: CancelFlag | None = None,
) -> Iterator[Distribution]:
    """The log-softmax of the raw logits before each wanted token, in the order of the answer.

    Each is one more request of the prompt and the answer so far, of which the server computes only what it has not
    kept from the last one.

    Args:
        loaded: The model in memory.
        model: Its name, for errors.
        messages: The conversation that was answered.
        ids: Numbers of the answer's tokens.
        at: Positions among them, from 0; ``len(ids)`` is what would come next.
        vocabulary: Number of tokens of the model, V.
        cancel: Looked at before each request.

    Raises:
        Cancelled: The flag was set. ContextOverflow: prompt and answer are longer than the context.
        EngineFailed: anything else.
    """
    prompt: list[int] = []
    for position in sorted(set(at)):
        if cancel is not None and cancel.is_set():
            raise Cancelled
        with _boundary(model):
            prompt = prompt or _prompt(loaded, model, messages)
            body = REQUEST | {"prompt": [*prompt, *ids[:position]], "n_probs": vocabulary}
            answer = _post(loaded, model, "/completion", body)
            found = _read(answer["completion_probabilities"][0]["top_logprobs"])
        yield found


def _prompt(loaded: Loaded, model: str, messages: Sequence[Message]) -> list[int]:
    """The tokens the chat endpoint makes of a conversation."""
    text = _post(loaded, model, "/apply-template", {"messages": turns(messages)})["prompt"]
    body = {"content": text, "add_special": True, "parse_special": True}
    return list(_post(loaded, model, "/tokenize", body)["tokens"])


def _post(loaded: Loaded, model: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = loaded.http.post(path, json=body, timeout=PATIENCE_S).json()
    if "error" in answer:
        raise translate(answer["error"], model)
    return answer


def _read(candidates: Sequence[dict[str, Any]]) -> Distribution:
    """The server sums in single precision, which loses a ten-thousandth: normalised again here."""
    import numpy as np

    values = np.array([candidate["logprob"] for candidate in candidates], np.float64)
    values -= np.log(np.exp(values).sum())
    return np.array([candidate["id"] for candidate in candidates], np.int32), values.astype(np.float32)


@contextmanager
def _boundary(model: str) -> Iterator[None]:
    import httpx

    try:
        yield
    except httpx.HTTPError as error:
        raise EngineFailed(f"The built-in engine could not give distributions of {model!r}: {error}.") from error
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise EngineFailed(
            f"The built-in engine's distributions of {model!r} were not understood: {error!r}."
        ) from error
