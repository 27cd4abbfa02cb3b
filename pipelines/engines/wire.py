"""Tokens and candidates out of what a server sends: Ollama and llama.cpp spell them the same."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.engines.base import Candidate, TokenEvent


def token_events(content: str, logprobs: Sequence[Mapping[str, Any]]) -> Iterator[TokenEvent]:
    """A piece of answer as one event a token; the texts of the events join to ``content``.

    A server holds text back while a character or a stop word is incomplete, and then sends several tokens at
    once. Where their bytes make the content, each token gets its share; where they don't (part of it was sent
    before, or cut off), the first event carries the whole.

    Args:
        content: The text of the piece, may be empty.
        logprobs: ``{"token", "logprob", "bytes", "top_logprobs"}`` of each token, may be empty.
    """
    if not logprobs:
        if content:
            yield TokenEvent(content)
        return
    entries = [_candidate(entry) for entry in logprobs]
    texts = _shares(content, entries)
    for text, entry, raw in zip(texts, entries, logprobs, strict=True):
        candidates = (_candidate(other) for other in raw.get("top_logprobs") or ())
        ranked = tuple(sorted(candidates, key=lambda candidate: -candidate.logprob))
        yield TokenEvent(text, entry.logprob, ranked, entry.bytes, entry.id)


def _candidate(entry: Mapping[str, Any]) -> Candidate:
    token = str(entry.get("token", ""))
    raw = entry.get("bytes")
    given = tuple(int(b) for b in raw) if raw else tuple(token.encode("utf-8", "replace"))
    number = entry.get("id")
    return Candidate(token, float(entry["logprob"]), given, number if isinstance(number, int) else None)


def _shares(content: str, entries: Sequence[Candidate]) -> list[str]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    try:
        texts = [decoder.decode(bytes(entry.bytes)) for entry in entries]
    except ValueError:  # a "byte" above 255
        texts = []
    if "".join(texts) == content:
        return texts
    return [content] + [""] * (len(entries) - 1)
