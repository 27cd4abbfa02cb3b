"""Ollama's embedding models: against a recorded server, and against a real one where it answers."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from pipelines import registry
from pipelines.embedding.ollama import OllamaEmbedder, Params, Prompts, prompts_of
from pipelines.engines.ollama import OllamaEngine
from pipelines.errors import BadParameter, EngineError, EngineFailed, EngineRefused, EngineUnreachable, ModelMissing
from pipelines.settings import Settings


class Server(ThreadingHTTPServer):
    """As much of Ollama as embedding needs; a vector holds its text's length, so that order shows."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.inputs = []
        self.context, self.parameters = 2048, "num_ctx 1024"
        self.vector = lambda text: [float(len(text)), 1.0, 2.0]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self):
        tag = {"name": "nomic-embed-text:latest", "model": "nomic-embed-text:latest", "digest": "ab" * 32, "size": 1}
        self._say({"/api/version": {"version": "0.12.0"}, "/api/tags": {"models": [tag]}}[self.path])

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/show":
            self._say(
                {
                    "details": {"family": "nomic-bert", "parameter_size": "137M"},
                    "model_info": {
                        "general.architecture": "nomic-bert",
                        "nomic-bert.context_length": self.server.context,
                    },
                    "parameters": self.server.parameters,
                    "capabilities": ["embedding"],
                }
            )
        else:
            self.server.inputs.append(asked["input"])
            self._say({"model": asked["model"], "embeddings": [self.server.vector(text) for text in asked["input"]]})

    def _say(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Quiet."""


@pytest.fixture
def server():
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def open_model(server):
    engine = OllamaEngine(f"http://127.0.0.1:{server.server_port}")
    yield lambda **params: OllamaEmbedder(engine, Params(**params))
    engine.close()


def test_prompts_by_name():
    assert prompts_of("nomic-embed-text") == Prompts("search_query: ", "search_document: ")
    assert prompts_of("nomic-embed-text:v1.5") == prompts_of("nomic-embed-text")
    assert prompts_of("hf.co/nomic-ai/Nomic-Embed-Text-v1.5-GGUF:Q8_0") == prompts_of("nomic-embed-text")
    assert prompts_of("bge-large") == prompts_of("mxbai-embed-large")
    assert prompts_of("bge-m3") == Prompts()
    assert prompts_of("snowflake-arctic-embed:33m").query.startswith("Represent")
    assert prompts_of("snowflake-arctic-embed2") == Prompts("query: ")
    assert prompts_of("all-minilm") == prompts_of("") == Prompts()


def test_order_prompts_batches_and_unit_length(server, open_model):
    model = open_model(batch=2)
    assert model.dimensions == 3
    server.inputs.clear()
    seen = []
    vectors = model.embed(["a", "bbb", "cc"], on_progress=seen.append)
    assert server.inputs == [["search_document: a", "search_document: bbb"], ["search_document: cc"]]
    assert seen == [2, 3]
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1])
    assert (vectors[:, 0] / vectors[:, 1]).round().tolist() == [18, 20, 19]  # lengths with the prompt
    model.embed(["why?"], "query")
    assert server.inputs[-1] == ["search_query: why?"]
    assert model.embed([]).shape == (0, 3)


def test_the_window_is_what_the_server_gives(server, open_model):
    prompt = 5  # search _ document :, counted by word pieces with room to spare
    assert int(1024 * 0.85) - prompt - 2 <= open_model().window < 1024 * 0.85
    server.parameters = "num_ctx 8192"  # more than the model has
    open_model_again = OllamaEmbedder(OllamaEngine(f"http://127.0.0.1:{server.server_port}"), Params())
    assert 1700 < open_model_again.window < 2048 * 0.85
    assert open_model(window=64).window == 64


def test_a_text_over_the_window_is_refused_before_anything_is_sent(server, open_model):
    model = open_model(window=16)
    server.inputs.clear()
    with pytest.raises(EngineRefused, match="Text 2 of 2 has about 17 tokens"):
        model.embed(["short", "word " * 17])
    assert not server.inputs
    assert not model.ruler.exact


def test_the_id_changes_with_the_digest(server, open_model):
    assert open_model().id.startswith("ollama:nomic-embed-text:latest:abababababab:")


def test_a_lone_surrogate_is_sent_as_the_replacement_character(server, open_model):
    open_model().embed(["a\ud800"])
    assert server.inputs[-1] == ["search_document: a\ufffd"]


@pytest.mark.parametrize("vector", [[0.0, 0.0, 0.0], [1.0, 2.0]], ids=["zero", "short"])
def test_vectors_that_are_none(server, open_model, vector):
    model = open_model()
    server.vector = lambda text: vector
    with pytest.raises(EngineFailed, match="nomic-embed-text"):
        model.embed(["a"])


def test_no_such_model(open_model):
    with pytest.raises(ModelMissing, match="mxbai"):
        open_model(name="mxbai-embed-large")


def test_the_part_says_what_is_wrong():
    part = registry.get("embedder", "ollama")
    with pytest.raises(BadParameter):
        part.make_params({"batch": 0})
    with pytest.raises(EngineUnreachable):
        part.build(part.make_params(), Settings(ollama_host="127.0.0.1:9"))


@pytest.mark.ollama
def test_a_real_server():
    settings = Settings.from_env()
    engine = OllamaEngine(settings.ollama_url)
    try:
        engine.probe()
        name = next(m.name for m in engine.models() if m.capabilities & {"embedding", "completion"})
    except EngineUnreachable:
        pytest.skip(f"no Ollama answers at {settings.ollama_url}")
    except StopIteration:
        pytest.skip("Ollama has no model")
    finally:
        engine.close()
    part = registry.get("embedder", "ollama")
    try:
        model = part.build(part.make_params({"name": name}), settings)
    except EngineRefused as error:
        pytest.skip(f"newer servers embed with embedding models only: {error}")
    vectors = model.embed(["Cats purr.", "Cats purr.", "Banks lend."])
    assert vectors.shape == (3, model.dimensions)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    assert vectors[0] @ vectors[1] > 0.999 > vectors[0] @ vectors[2]
    with pytest.raises(EngineError):
        model.embed(["word " * (model.window + 1)])
