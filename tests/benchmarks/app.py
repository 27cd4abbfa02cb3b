"""``python -m tests.benchmarks.app``: the app beside bare ones, whole processes, measured in turn.

- Time to the first page: from starting the process to the page's HTML and its config; wants at most 1.5 times
  an empty Gradio app.
- Streaming: tokens a second that reach a client of the app's /ask endpoint, against what the engine measured of
  the same answer; wants 0.95 or more. Needs a model: Ollama at OLLAMA_HOST, or the built-in one.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from sample_docs import SAMPLES
from tests.test_offline import free_port

ROUNDS, TOKENS = 3, 48
EMPTY = (
    "import gradio as gr, sys\nwith gr.Blocks(analytics_enabled=False) as app: gr.Markdown('empty')\n"
    "app.launch(server_port=int(sys.argv[1]), quiet=True, ssr_mode=False)"
)


def start(command: list[str], port: int) -> tuple[subprocess.Popen[bytes], float]:
    """The process, and the seconds until its page and config came."""
    started = time.perf_counter()
    environment = {**os.environ, "GRADIO_ANALYTICS_ENABLED": "False"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    while True:
        try:
            for path in ("/", "/config"):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read()
            return process, time.perf_counter() - started
        except OSError:
            if process.poll() is not None:
                raise SystemExit(f"{command} ended") from None
            time.sleep(0.02)


def playground(port: int, folder: str) -> list[str]:
    options = ["--no-browser", "--port", str(port), "--data-dir", folder]
    return [sys.executable, "-m", "playground", *options]


def first_page() -> None:
    ours, bare = [], []
    for _ in range(ROUNDS):
        port = free_port()
        process, seconds = start([sys.executable, "-c", EMPTY, str(port)], port)
        process.kill()
        bare.append(seconds)
        port = free_port()
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            process, seconds = start([*playground(port, folder), "--offline"], port)
            process.kill()
            process.wait()
        ours.append(seconds)
    a, b = statistics.median(ours), statistics.median(bare)
    print(f"first page: ours {a:.2f} s, empty Gradio app {b:.2f} s, ratio {a / b:.2f} (target 1.5)")


RECIPE = {
    "answer": {"name": "generated", "params": {}},
    "retriever": {"name": "keyword", "params": {"k": 1}},
    "sampling": {"name": "default", "params": {"num_predict": TOKENS, "num_ctx": 2048, "temperature": 0.0}},
}


def streaming() -> None:
    """Tokens a second by arrival at a client, against what the engine measured of the same answer."""
    from gradio_client import Client

    from pipelines import Library, Recipe, Settings

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with Library.open(settings=Settings.from_env(data_dir=f"{folder}/bare")) as library:
            at_hand = library.engines.resolve(Recipe().model)
        if at_hand is None:
            print("streaming: no language model at hand; `playground pull builtin` or start Ollama")
            return
        port = free_port()
        process, _ = start(playground(port, f"{folder}/app"), port)
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        while len(client.predict(api_name="/documents")["documents"]) < len(SAMPLES):
            time.sleep(0.5)
        rates = [client_rate(client) for _ in range(ROUNDS + 1)][1:]
        process.kill()
        process.wait()
    print(f"streaming {at_hand[1]}, tokens a second at the client and in the engine:")
    for ours, engine in rates:
        print(f"  {ours:.1f} / {engine:.1f} = {ours / engine:.2f}")
    print(f"median ratio {statistics.median(a / b for a, b in rates):.2f} (target 0.95)")


def client_rate(client: object) -> tuple[float, float]:
    """Tokens a second between the first and the last update that reach the client, and the engine's own figure."""
    job = client.submit("Tell me about the harbour.", None, RECIPE, api_name="/ask")  # type: ignore[attr-defined]
    seen: list[tuple[float, int]] = []
    for update in job:
        if update.get("answer"):
            seen.append((time.perf_counter(), len(update["answer"])))
            final = update
    (begun, early), (ended, whole) = seen[0], seen[-1]
    tokens = final["stats"]["completion_tokens"] * (1 - early / whole)  # those that came after the first update
    return tokens / (ended - begun), final["stats"]["tokens_per_s"]


if __name__ == "__main__":
    first_page()
    streaming()
