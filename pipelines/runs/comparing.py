"""Two runs side by side: what differs in the recipe, the numbers, the text, the passages. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipelines.runs.numbers import in_order
from pipelines.runs.run import Details, Run

Side = Literal["both", "left", "right"]

#: Longest texts compared word by word, in words each.
_WORDS = 20_000


@dataclass(frozen=True)
class Piece:
    """Words that both have, or only one of them."""

    side: Side
    text: str


@dataclass(frozen=True)
class Passage:
    """A passage that at least one of the runs found, and its rank on each list of each: None is not there."""

    document: str
    start: int
    end: int
    page: int
    text: str
    left: Mapping[str, int | None]  # stage -> rank; "hits" is the rank in the end
    right: Mapping[str, int | None]


@dataclass(frozen=True)
class Comparison:
    """What differs between two runs, and what does not."""

    recipe: Mapping[str, tuple[Any, Any]]  # as Recipe.diff gives it
    inputs: Mapping[str, tuple[Any, Any]]
    versions: Mapping[str, tuple[str, str]]
    numbers: tuple[tuple[str, float | None, float | None], ...]
    text: tuple[Piece, ...] | None  # None: neither says anything, or it is too long to compare
    passages: tuple[Passage, ...]

    @property
    def same_text(self) -> bool:
        """Whether both say the same, word for word."""
        return self.text is not None and all(piece.side == "both" for piece in self.text)


def compare(left: tuple[Run, Details], right: tuple[Run, Details]) -> Comparison:
    """Two runs, opened."""
    (one, ones), (other, others) = left, right
    recipes = one.known_recipe, other.known_recipe
    names = in_order(set(one.numbers) | set(other.numbers))
    texts = text_of(ones), text_of(others)
    return Comparison(
        recipe=recipes[0].diff(recipes[1]) if recipes[0] is not None and recipes[1] is not None else {},
        inputs=_different({"question": one.question, "documents": one.documents, **ones.inputs},
                          {"question": other.question, "documents": other.documents, **others.inputs}),
        versions=_different(ones.versions, others.versions),
        numbers=tuple((name, one.numbers.get(name), other.numbers.get(name)) for name in names),
        text=words(*texts) if any(texts) else None,
        passages=passages(ones.outputs.get("hits", ()), others.outputs.get("hits", ())),
    )  # fmt: skip


def text_of(details: Details) -> str:
    """What a run said: its answer, its transcript, the texts it drew."""
    return str(details.outputs.get("answer") or details.outputs.get("text") or "")


def words(left: str, right: str) -> tuple[Piece, ...] | None:
    """Two texts word by word (longest common subsequence); None where they are too long for that."""
    from rapidfuzz.distance import Indel

    ours, theirs = left.split(), right.split()
    if max(len(ours), len(theirs)) > _WORDS:
        return None
    pieces: list[Piece] = []
    for step in Indel.opcodes(ours, theirs):
        if step.tag == "equal":
            pieces.append(Piece("both", " ".join(ours[step.src_start : step.src_end])))
            continue
        if step.src_end > step.src_start:
            pieces.append(Piece("left", " ".join(ours[step.src_start : step.src_end])))
        if step.dest_end > step.dest_start:
            pieces.append(Piece("right", " ".join(theirs[step.dest_start : step.dest_end])))
    return tuple(pieces)


def passages(left: Sequence[Mapping[str, Any]], right: Sequence[Mapping[str, Any]]) -> tuple[Passage, ...]:
    """Passages of both, those ranked best by either first.

    Args:
        left: Hits in the fields of the command line.
        right: The same of the other run.
    """
    keys = [(hit["document"], hit["start"], hit["end"]) for hit in (*left, *right)]
    ours, theirs = ({(hit["document"], hit["start"], hit["end"]): hit for hit in hits} for hits in (left, right))
    found = []
    for key in dict.fromkeys(keys):
        hit = ours.get(key) or theirs[key]
        found.append(Passage(*key, hit["page"], hit["text"], _ranks(ours.get(key)), _ranks(theirs.get(key))))
    return tuple(sorted(found, key=_best))


def _ranks(hit: Mapping[str, Any] | None) -> dict[str, int | None]:
    if hit is None:
        return {"hits": None}
    return {**{stage: place["rank"] if place else None for stage, place in hit["scores"].items()}, "hits": hit["rank"]}


def _best(passage: Passage) -> int:
    return min(rank for rank in (passage.left["hits"], passage.right["hits"]) if rank is not None)


def _different(left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    names = [*left, *(name for name in right if name not in left)]
    return {name: (left.get(name), right.get(name)) for name in names if left.get(name) != right.get(name)}
