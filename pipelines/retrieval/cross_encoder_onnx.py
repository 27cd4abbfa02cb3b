"""A cross-encoder from a folder, on onnxruntime: nothing to install but the model's two files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import EngineFailed, ModelMissing
from pipelines.registry import knob, part
from pipelines.retrieval.candidates import Reranker, RetrievalContext
from pipelines.retrieval.reranking import RerankParams, by_score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: Longest pair read, in tokens; of the longer of the two what is too much is cut.
_WINDOW = 512


class OnnxParams(RerankParams):
    """Knobs of a cross-encoder from a folder."""

    folder: str = knob("", "Folder that holds model.onnx (or onnx/model.onnx) and tokenizer.json of a cross-encoder.")


@part("reranker", "cross-encoder-onnx", label="Cross-encoder from a folder", params=OnnxParams, rank=50)
def cross_encoder_onnx(params: OnnxParams, context: RetrievalContext) -> Reranker:
    """A cross-encoder's files from a folder of yours read question and passage together."""

    def score(query: str, texts: list[str]) -> Sequence[float]:
        model, tokenizer = _files(params.folder)
        threads = context.aids.settings.threads if context.aids is not None else 0
        stamps = model.stat().st_mtime_ns, tokenizer.stat().st_mtime_ns
        encoder = _open(model, tokenizer, stamps, threads)
        return [encoder.score(query, text) for text in texts]

    return by_score(params, context, score)


@dataclass(frozen=True)
class _Encoder:
    """Model and tokenizer; safe from any thread."""

    name: str
    session: Any
    tokenizer: Any

    def score(self, query: str, text: str) -> float:
        """The model's logit for one pair; of two classes that of the second. Raises EngineFailed."""
        import numpy as np

        pair = self.tokenizer.encode(query, text)
        known = {"input_ids": pair.ids, "attention_mask": pair.attention_mask, "token_type_ids": pair.type_ids}
        try:
            logits = np.asarray(self.session.run(None, _feed(self.session, known))[0], dtype=np.float64)
        except Exception as error:  # onnxruntime has no common base for its errors
            raise EngineFailed(f"The cross-encoder {self.name} failed: {error}.") from error
        if logits.shape not in ((1,), (1, 1), (1, 2)):
            raise EngineFailed(
                f"{self.name} gives {logits.shape} numbers for a passage, not one score.",
                "Is it a cross-encoder with one label or two?",
            )
        return float(logits.reshape(-1)[-1])


def _feed(session: Any, known: Mapping[str, Sequence[int]]) -> dict[str, NDArray[np.integer[Any]]]:
    """What the model asks for of what is known, each as one row of the kind it wants."""
    import numpy as np

    wanted = {one.name: np.int32 if "int32" in one.type else np.int64 for one in session.get_inputs()}
    return {name: np.array([known[name]], dtype=kind) for name, kind in wanted.items() if name in known}


def _files(folder: str) -> tuple[Path, Path]:
    holds = "It must hold model.onnx (or onnx/model.onnx) and tokenizer.json of a cross-encoder."
    if not folder.strip():
        raise ModelMissing("No folder with a cross-encoder is given.", f"Set reranker.folder. {holds}")
    place = Path(folder).expanduser().resolve()
    models = [one for one in (place / "model.onnx", place / "onnx" / "model.onnx") if one.is_file()]
    tokenizer = place / "tokenizer.json"
    if not models or not tokenizer.is_file():
        raise ModelMissing(f"There is no cross-encoder in {folder}.", holds)
    return models[0], tokenizer


@lru_cache(maxsize=2)
def _open(model: Path, tokenizer: Path, stamps: tuple[int, int], threads: int) -> _Encoder:
    """Load the files; ``stamps``, their times, make changed ones be loaded again."""
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors
    try:
        words = Tokenizer.from_file(str(tokenizer))
        words.no_padding()
        words.enable_truncation(_WINDOW)
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # neither library has a common base for its errors
        raise ModelMissing(
            f"The cross-encoder in {tokenizer.parent} cannot be loaded: {error}.", "Are its files whole?"
        ) from error
    return _Encoder(tokenizer.parent.name, session, words)
