"""Our mathematics against the engine that does the sampling: its own probabilities, and what it really draws."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from pipelines.engines.base import Message, TokenEvent
from pipelines.engines.builtin import BuiltinEngine
from pipelines.engines.builtin_models import SMALL
from pipelines.engines.builtin_wire import request
from pipelines.engines.ollama import OllamaEngine
from pipelines.engines.ollama_versions import GO_ORDER, LLAMA_ORDER, LLAMA_SERVER, parse_version
from pipelines.sampling import Knobs, distribution, penalise
from pipelines.settings import Settings

pytestmark = pytest.mark.builtin

MODEL = SMALL.name
ASK = [Message("user", "The sea, the sea, the sea. Go on.")]
NEUTRAL = {
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
    "min_p": 0.0,
    "typical_p": 1.0,
    "repeat_penalty": 1.0,
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "repeat_last_n": 64,
}
PENALTIES = {"presence_penalty": 0.8, "frequency_penalty": 0.3}
SETTINGS = [
    {},
    {"temperature": 0.7, "top_k": 20},
    {"temperature": 1.5, "top_p": 0.8},
    {"top_k": 500, "min_p": 0.1},
    {"top_k": 500, "typical_p": 0.5},  # of 49,152 it takes the engine five times as long
    PENALTIES,
]
EVERY = {"temperature": 1.3, "top_k": 60, "top_p": 0.97, "min_p": 0.01, "typical_p": 0.95}
ENDS = {0, 2}  # <|endoftext|>, <|im_end|>

AT_ONCE = 50


@pytest.fixture(scope="module")
def builtin_engine(builtin_model):
    """One that has answered nothing else: what it remembers of earlier prompts changes the last digits."""
    engine = BuiltinEngine(Settings(models_dir=builtin_model.parent, threads=1))
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def row(builtin_engine):
    """The distribution of the answer's first token, a column a token: log-probabilities."""
    ((numbers, logprobs),) = builtin_engine.distributions(MODEL, ASK, [], {0}, num_ctx=2048)
    by_number = np.empty(len(numbers))
    by_number[numbers] = logprobs
    return by_number


@pytest.fixture(scope="module")
def loopback(builtin_engine):
    """The engine's own server, and the tokens it makes of the prompt."""
    with builtin_engine._runtime.use(builtin_engine.files.path(MODEL), 2048) as (loaded, _):
        turns = [{"role": message.role, "content": message.content} for message in ASK]
        text = loaded.http.post("/apply-template", json={"messages": turns}).json()["prompt"]
        answer = loaded.http.post("/tokenize", json={"content": text, "add_special": True, "parse_special": True})
    return loaded.http, answer.json()["tokens"]


def engines_own(loopback, options, vocabulary):
    """The probabilities the engine says it draws with, a column a token."""
    http, prompt = loopback
    body = NEUTRAL | options | {"prompt": prompt, "n_predict": 1, "n_probs": vocabulary, "post_sampling_probs": True}
    (said,) = http.post("/completion", json=body | {"ignore_eos": False, "seed": 1}).json()["completion_probabilities"]
    found = np.zeros(vocabulary)
    for candidate in said["top_probs"]:
        found[candidate["id"]] = candidate["prob"]
    return found


def ours(row, prompt, options):
    counts = np.bincount(prompt, minlength=len(row))
    names = {"presence_penalty": "presence", "frequency_penalty": "frequency"}
    penalties = {ours: options[theirs] for theirs, ours in names.items() if theirs in options}
    return distribution(penalise(row, counts, **penalties), Knobs.of(options), LLAMA_ORDER)


@pytest.mark.parametrize("options", [*SETTINGS, EVERY, {"temperature": 0}], ids=str)
def test_we_compute_the_probabilities_the_engine_draws_with(row, loopback, options):
    expected, found = ours(row, loopback[1], options), engines_own(loopback, options, len(row))
    assert found == pytest.approx(expected, abs=1e-5)
    assert ((found > 0) == (expected > 1e-12)).mean() > 0.999  # single precision may drop the least of 49,152


def test_the_repeat_penalty_is_the_engines_too(row, loopback):
    # it works on raw logits; log-probabilities are those less one unknown number, which each token of the prompt
    # tells for itself: they must agree on it, and then all 49,152 probabilities must be right
    penalty = 1.3
    found = engines_own(loopback, {"repeat_penalty": penalty}, len(row))
    counts = np.bincount(loopback[1], minlength=len(row))
    other = int(np.where(counts == 0, row, -np.inf).argmax())
    zeros = []
    for token in np.flatnonzero((counts > 0) & (found > 1e-10)):
        fell = math.log(found[token] / found[other]) + row[other]
        # a logit above 0 was divided: (row + zero) / penalty - zero = fell
        zeros.append((row[token] / penalty - fell) / (1 - 1 / penalty))
    assert len(zeros) >= 5
    assert np.ptp(zeros) < 0.01
    zero = float(np.median(zeros))
    expected = distribution(penalise(row + zero, counts, repeat=penalty), Knobs(), LLAMA_ORDER)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.fixture(scope="module")
def unsaid(loopback, row):
    """Tokens the chat endpoint does not name: ends of turn, and pieces of a character."""
    http, prompt = loopback
    answer = http.post("/completion", json={"prompt": prompt, "n_predict": 1, "n_probs": len(row), "ignore_eos": True})
    (said,) = answer.json()["completion_probabilities"]
    return ENDS | {token["id"] for token in said["top_logprobs"] if not whole(bytes(token["bytes"]))}


def whole(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


@pytest.fixture(scope="module")
def many(builtin_model: Path):
    """A server of the same library that answers fifty times at once."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(builtin_model)
    params.n_parallel = AT_ONCE
    params.n_ctx = 64 * (AT_ONCE + 14)
    params.cache_ram_mib = 0
    params.warmup = False
    params.verbosity = -1
    params.ui = False
    params.hostnames = ["127.0.0.1"]
    for cpu in (params.cpuparams, params.cpuparams_batch):
        cpu.n_threads = 1
        cpu.poll = 0
    server = xllamacpp.Server(params)
    server.handle_metrics()  # answered once its loop runs
    return server


def drawn(server, options, draws):
    """How often each token came first, None for those that are not named.

    A request takes the seeds from its own upwards. The first numbers that the engine's generator (mt19937) gives for
    the seeds 1 to 2000 are not evenly spread; blocks of seeds far apart are better.
    """
    counts: Counter[int | None] = Counter()
    for seed in np.random.default_rng(0).integers(1, 2**31, draws // AT_ONCE):
        body = request(ASK, NEUTRAL | options | {"num_predict": 1, "seed": int(seed)}, 0, None, None)
        body |= {"n": AT_ONCE, "stream": False, "return_progress": False, "cache_prompt": True}
        body.pop("stream_options")
        for choice in server.handle_chat_completions(body)["choices"]:
            said = (choice.get("logprobs") or {}).get("content")
            counts[said[0]["id"] if said else None] += 1
    return counts


# the last three samplers take the engine longest
@pytest.mark.parametrize(("options", "draws"), list(zip(SETTINGS, [2000] * 3 + [750] * 3, strict=True)), ids=str)
def test_tokens_are_drawn_as_often_as_computed(row, loopback, many, unsaid, options, draws):
    from scipy.stats import chisquare

    counts, expected = drawn(many, options, draws), ours(row, loopback[1], options) * draws
    assert sum(counts.values()) == draws
    assert all(expected[token] > 0 for token in counts if token is not None)
    cells = [token for token in np.flatnonzero(expected >= 5).tolist() if token not in unsaid]
    seen, wanted = [counts[token] for token in cells], expected[cells].tolist()
    nameless = float(expected[sorted(unsaid)].sum())
    if nameless >= 5:
        seen.append(counts[None])
        wanted.append(nameless)
    if draws - sum(wanted) >= 5:  # all the others together
        seen.append(draws - sum(seen))
        wanted.append(draws - sum(wanted))
    else:
        seen[-1] += draws - sum(seen)
        wanted[-1] += draws - sum(wanted)
    assert len(cells) >= 2
    assert chisquare(seen, wanted).pvalue > 0.001


@pytest.mark.ollama
def test_an_older_ollama_runs_llama_models_in_llama_cpps_order(builtin_engine, ollama_url):
    # the same weights as the built-in model's; with the system message given, both templates make the same prompt
    engine = OllamaEngine(ollama_url)
    if parse_version(engine.version) >= LLAMA_SERVER:
        pytest.skip("this server has one order for all models")
    assert engine.sampler_order("smollm2") == LLAMA_ORDER
    messages = [Message("system", "You tell stories."), Message("user", "Go on: the ship")]
    ((_, logprobs),) = builtin_engine.distributions(MODEL, messages, [], {0}, num_ctx=2048)
    hot = {"temperature": 2.0, "top_p": 0.6, "top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
    inside, other = (int((distribution(logprobs, Knobs.of(hot), o) > 0).sum()) for o in (LLAMA_ORDER, GO_ORDER))
    assert other > 50 * inside
    # a few more for rounding: the two libraries are years apart
    (first, *_) = builtin_engine.chat(MODEL, messages, {"num_predict": 1, "num_ctx": 2048}, top_logprobs=inside + 2)
    nucleus = {candidate.token for candidate in first.candidates}
    said = set()
    for seed in range(12):
        options = hot | {"seed": seed, "num_predict": 1, "num_ctx": 2048}
        said |= {event.text for event in engine.chat("smollm2", messages, options) if isinstance(event, TokenEvent)}
    engine.close()
    assert said <= nucleus
    assert len(said) > 1
