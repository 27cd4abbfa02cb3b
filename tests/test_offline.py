"""The app started with --offline speaks to nobody but this machine, from the first import to the last answer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from sample_docs import SAMPLES

HERE = Path(__file__).resolve().parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def app(tmp_path):
    port, log = free_port(), tmp_path / "network.log"
    environment = {
        **os.environ,
        "PYTHONPATH": str(HERE / "no_network"),
        "NETWORK_LOG": str(log),
        "PLAYGROUND_MODELS_DIR": str(tmp_path / "models"),
        "PLAYGROUND_OLLAMA_HOST": "127.0.0.1:9",
    }
    command = [sys.executable, "-m", "playground", "--offline", "--no-browser", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--data-dir", str(tmp_path / "data")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        yield url, log, process
    finally:
        process.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen, seconds: float = 90) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"the app ended: {process.stdout.read().decode()}")
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the app did not come up")


def test_nothing_is_asked_of_the_network(app):
    from gradio_client import Client

    url, log, process = app
    client = Client(url, verbose=False)
    deadline = time.monotonic() + 90
    while len(client.predict(api_name="/documents")["documents"]) < len(SAMPLES):
        assert time.monotonic() < deadline, "the samples did not arrive"
        time.sleep(0.5)
    answered = client.submit("What is a ghost lap?", None, None, api_name="/ask").result(timeout=90)
    assert answered["done"]
    assert answered["citations"]
    assert not log.exists(), f"asked for: {log.read_text()}"
    process.send_signal(signal.SIGINT)
    process.wait(timeout=30)


def test_the_watch_itself_works(tmp_path):
    code = "import urllib.request as u\ntry: u.urlopen('http://example.invalid')\nexcept OSError: pass"
    log = tmp_path / "network.log"
    environment = {**os.environ, "PYTHONPATH": str(HERE / "no_network"), "NETWORK_LOG": str(log)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    assert log.read_text().split() == ["example.invalid"]
