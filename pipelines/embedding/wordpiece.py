"""BERT's WordPiece, lower-cased: how all-MiniLM-L6-v2 and much of its family see a text.

One departure from the original: a word over 100 characters (a URL, text whose spaces were lost) becomes
words of 100 characters, where BERT would put a single "unknown" in its place. The model then sees what is
there. Every other text gives BERT's own tokens.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from pipelines.errors import EngineFailed

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VOCAB_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
UNKNOWN, CLS, SEP = 100, 101, 102
SPECIALS = 2  # [CLS] and [SEP], around every text
LONGEST = 100  # characters of one word, and of one token

_PART = 4_000  # characters tokenised in one go: parts run side by side, and are faster even one by one

_SURROGATE = re.compile("[\ud800-\udfff]")
_WORD_END = re.compile("[ \n、。\u4e00-\u9fff]")  # a Chinese character is a word to BERT


def printable(text: str) -> str:
    """The text with lone surrogates, which no encoder takes, replaced one for one."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


@cache
def tokenizer() -> Tokenizer:
    """The tokenizer, without special tokens; offsets count characters of the text given.

    Raises:
        EngineFailed: the vocabulary that comes with the playground is missing or altered.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

    words = _vocabulary().decode("utf-8").splitlines()
    vocabulary = {word: place for place, word in enumerate(words)}
    built = Tokenizer(
        models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=LONGEST)  # noqa: S106
    )
    built.normalizer = normalizers.BertNormalizer(lowercase=True)
    built.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.FixedLength(length=LONGEST)]
    )
    return built


def _vocabulary() -> bytes:
    name = "bert-base-uncased-vocab.txt"
    path = files("pipelines.embedding") / "data" / name
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EngineFailed(f"The vocabulary {name} cannot be read: {error}.", "Install again.") from error
    if hashlib.sha256(data).hexdigest() != VOCAB_SHA256:
        raise EngineFailed(f"The vocabulary {name} is not the file it should be.", "Install again.")
    return data


def token_ids(texts: Sequence[str]) -> list[list[int]]:
    """What the model reads for each text, [CLS] and [SEP] included."""
    encoded = tokenizer().encode_batch_fast([printable(text) for text in texts], add_special_tokens=False)
    return [[CLS, *one.ids, SEP] for one in encoded]


def model_spans(text: str) -> list[tuple[int, int]]:
    """Where each token the model reads stands in the text; dropped characters belong to none."""
    return _encode(text)[1]


def _encode(text: str) -> tuple[list[int], list[tuple[int, int]]]:
    """Numbers and places of a text's tokens."""
    ids: list[int] = []
    spans: list[tuple[int, int]] = []
    at = 0
    parts = _parts(printable(text))
    # The batch call releases the GIL, so that a long document does not freeze the app.
    for part, encoded in zip(parts, tokenizer().encode_batch(parts, add_special_tokens=False), strict=True):
        ids += encoded.ids
        spans += [(start + at, end + at) for start, end in encoded.offsets] if at else encoded.offsets
        at += len(part)
    return ids, spans


def _parts(text: str) -> list[str]:
    """A text cut every few thousand characters, where a word surely ends: no token reaches over it."""
    borders = [0]
    while end := _WORD_END.search(text, borders[-1] + _PART):
        borders.append(end.end())
    return [text[start:end] for start, end in pairwise([*borders, len(text)])]


def _spans_to_cut(text: str) -> list[tuple[int, int]]:
    """The model's tokens, an unknown word as one token a character.

    The model sees such a word as one token, but its halves may be known, and then count up to that many.
    """
    ids, spans = _encode(text)
    if UNKNOWN not in ids:
        return spans
    split: list[tuple[int, int]] = []
    for token, (start, end) in zip(ids, spans, strict=True):
        split += ((at, at + 1) for at in range(start, end)) if token == UNKNOWN else ((start, end),)
    return split


def cover(text: str, spans: Sequence[tuple[int, int]], longest: int = LONGEST) -> list[tuple[int, int]]:
    """Stretch tokens over what the normaliser dropped, so that slices lose nothing that can be seen.

    A dropped character (an accent, a control character) joins the token before it, or is a token of its
    own at the start. A token that gets longer than ``longest`` characters counts as several, so that no
    run of characters, however odd, is out of a chunker's reach. There are never fewer than ``spans``.
    """
    grown = _with_lost(text, spans) if _loses(text, spans) else list(spans)
    if all(end - start <= longest for start, end in grown):
        return grown
    return [(at, min(at + longest, end)) for start, end in grown for at in range(start, end, longest)]


def _loses(text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Whether anything that can be seen stands between tokens; nearly no text has it."""
    edges = pairwise([(0, 0), *spans, (len(text), len(text))])
    between = "".join([text[end:start] for (_, end), (start, _) in edges if start > end])
    return bool(between) and not between.isspace()


def _with_lost(text: str, spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    grown: list[tuple[int, int]] = []

    def keep(start: int, end: int) -> None:
        lost = text[start:end]
        bare = lost.strip()
        if bare and grown:
            grown[-1] = (grown[-1][0], start + len(lost.rstrip()))
        elif bare:
            first = start + len(lost) - len(lost.lstrip())
            grown.append((first, first + len(bare)))

    reach = 0
    for start, end in spans:
        if start > reach:
            keep(reach, start)
        grown.append((start, end))
        reach = max(reach, end)
    keep(reach, len(text))
    return grown


@dataclass(frozen=True)
class WordPieceRuler:
    """Measures text in word pieces.

    Tokens that share a character (the parts of a Korean syllable) carry the same offsets. The count is the
    model's own, except that unknown words count by characters and runs of dropped ones by the hundred: then
    it is more, never less, so that what fits by this ruler fits the model.
    """

    name: str
    exact: bool = True
    joins: bool = False

    def offsets(self, text: str) -> list[tuple[int, int]]:
        """(start, end) of every token, in characters, in order."""
        return cover(text, _spans_to_cut(text))

    def count(self, text: str) -> int:
        """Number of tokens, special tokens not counted."""
        return len(self.offsets(text))
