"""The built-in embedding model, on the real weights."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from pipelines import registry
from pipelines.embedding import builtin
from pipelines.embedding.builtin import WINDOW, BuiltinEmbedder
from pipelines.errors import EngineRefused, ModelMissing
from pipelines.settings import Settings

pytestmark = pytest.mark.usefixtures("model_as_it_is")

CAT = "A cat sits on the mat."
KITTEN = "A kitten is resting on a rug."
BANK = "The central bank raised interest rates."


@pytest.fixture(scope="module")
def embedder():
    return BuiltinEmbedder(threads=2)


def test_published_numbers(embedder):
    """The first numbers the model's card prints for these sentences; int8 weights move them a little."""
    vectors = embedder.embed(["This is an example sentence", "Each sentence is converted"])
    assert vectors[0, :4] == pytest.approx([0.0677, 0.0635, 0.0487, 0.0793], abs=0.006)
    assert vectors[1, :4] == pytest.approx([0.0864, 0.1027, 0.0054, 0.0020], abs=0.006)


def test_shape_norm_and_meaning(embedder):
    vectors = embedder.embed([CAT, KITTEN, BANK])
    assert vectors.shape == (3, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-5)
    similar = vectors @ vectors.T
    assert similar[0, 1] > 0.5 > 0.2 > similar[0, 2]


def test_a_question_finds_its_passage(embedder):
    passages = [CAT, BANK, "Water boils at 100 degrees Celsius at sea level.", "He plays the violin."]
    question = embedder.embed(["At what temperature does water boil?"], "query")[0]
    assert int(np.argmax(embedder.embed(passages) @ question)) == 2


def test_a_vector_does_not_depend_on_its_neighbours(embedder):
    mixed = [CAT, "word " * 250, "😀" * 90, "", "-" * 200, KITTEN, "漢字 " * 60]
    together = embedder.embed(mixed)
    alone = np.concatenate([embedder.embed([text]) for text in mixed])
    assert np.abs(together - alone).max() < 1e-6
    assert np.abs(embedder.embed(mixed[::-1])[::-1] - together).max() < 1e-6


def test_nothing_to_embed(embedder):
    assert embedder.embed([]).shape == (0, 384)


def test_hostile_texts_get_vectors(embedder):
    vectors = embedder.embed(["", "\0\0", "\ud800", "\u0301", " ", "<script>alert(1)</script>", "[SEP] [CLS]"])
    assert np.isfinite(vectors).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(7), abs=1e-5)


def test_marks_of_the_model_in_a_text_are_text(embedder):
    assert embedder.ruler.count("[SEP]") == 3


def test_the_window_is_filled_and_not_a_token_more(embedder):
    assert embedder.embed(["word " * WINDOW]).shape == (1, 384)
    seen = []
    with pytest.raises(EngineRefused, match=r"Text 2 of 2 has 255 tokens, .* reads 254"):
        embedder.embed([CAT, "word " * (WINDOW + 1)], on_progress=seen.append)
    assert not seen  # refused before the first was embedded


def test_progress_and_stop(embedder):
    seen = []
    embedder.embed([CAT, KITTEN, BANK], on_progress=seen.append)
    assert seen == [1, 2, 3]

    def stop(done):
        seen.append(done)
        raise KeyboardInterrupt

    seen.clear()
    with pytest.raises(KeyboardInterrupt):
        embedder.embed([CAT] * 50, on_progress=stop)
    assert seen == [1]


def test_shared_by_threads():
    fresh = BuiltinEmbedder(threads=1)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: fresh.embed([CAT, BANK]), range(8)))
    assert all(np.array_equal(answers[0], other) for other in answers)


def test_token_vectors_average_to_nearly_the_text(embedder):
    (tokens,) = embedder.token_vectors(["café au lait"])
    assert [("café au lait")[a:b] for a, b in tokens.spans] == ["café", "au", "lai", "t"]
    assert tokens.vectors.shape == (4, 384)
    mean = tokens.vectors.mean(axis=0)
    assert mean / np.linalg.norm(mean) @ embedder.embed(["café au lait"])[0] > 0.8


def test_a_damaged_model_is_refused(monkeypatch):
    monkeypatch.setattr(builtin, "MODEL_SHA256", "0" * 64)
    with pytest.raises(ModelMissing, match="checksum") as caught:
        BuiltinEmbedder().embed([CAT])
    assert "pip install" in caught.value.fix


def test_the_part():
    part = registry.get("embedder", "builtin")
    assert part.available
    made = part.build(part.make_params(), Settings(threads=1))
    assert (made.dimensions, made.window) == (384, 254)
    assert made.id == BuiltinEmbedder().id


def test_listing_parts_imports_no_runtime():
    script = (
        "import sys; from pipelines import registry; registry.parts('embedder');"
        "print([m for m in ('numpy', 'onnxruntime', 'tokenizers', 'tiktoken', 'llama_index.core', 'ollama')"
        " if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
