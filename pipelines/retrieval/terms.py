"""Where the words of a question stand in a text, found as keyword search finds them: by their stems."""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.retrieval.bm25 import Language, query_vector

_WORD = re.compile(r"[^\W_]+")


def term_spans(query: str, text: str, language: Language = "english") -> list[tuple[int, int]]:
    """(start, end) of each word of the text that has the stem of a word of the query; stop words never count."""
    wanted = {token for word in _WORD.findall(query) for token in _tokens(word, language)}
    words = _WORD.finditer(text)
    return [one.span() for one in words if wanted.intersection(_tokens(one.group(), language))]


@lru_cache(maxsize=20_000)
def _tokens(word: str, language: Language) -> tuple[int, ...]:
    return query_vector(word, language).indices
