"""How commands end: codes, one line a problem, interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from pipelines.errors import Cancelled, EngineUnreachable, UnknownPart
from playground.cli import exits

posix = pytest.mark.skipif(os.name == "nt", reason="sends a signal to one process")


def fail(error: Exception) -> int:
    raise error


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineUnreachable("Ollama does not answer.", "Type: ollama serve"), 1),
        (UnknownPart("There is no chunker 'x'."), 2),
        (Cancelled(), 130),
        (ZeroDivisionError("division by zero"), 1),
        (PermissionError(13, "Permission denied", "/nowhere"), 1),
    ],
)
def test_an_error_is_one_line_and_a_code(error: Exception, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert exits.exit_code(lambda: fail(error)) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "Traceback" not in captured.err


def test_the_line_names_the_way_out(capsys: pytest.CaptureFixture[str]) -> None:
    exits.exit_code(lambda: fail(EngineUnreachable("Ollama does not answer.", "Type: ollama serve")))
    assert capsys.readouterr().err == "error: Ollama does not answer. Type: ollama serve\n"


def test_a_fault_of_ours_says_how_to_see_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    exits.exit_code(lambda: fail(ZeroDivisionError("division by zero")))
    assert "PLAYGROUND_DEBUG=1" in capsys.readouterr().err
    monkeypatch.setenv("PLAYGROUND_DEBUG", "1")
    exits.exit_code(lambda: fail(ZeroDivisionError("division by zero")))
    assert "Traceback" in capsys.readouterr().err


def interrupt(script: str, env: dict[str, str] | None = None) -> tuple[int, float, str]:
    """Run a script until it says "ready", interrupt it; its code, seconds until its end, its stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.2)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    return process.returncode, time.monotonic() - began, err


RUN = "import sys, time, hashlib; from playground.cli.exits import exit_code\n{body}\nsys.exit(exit_code(work))"


@posix
def test_an_interrupt_ends_python_code() -> None:
    body = """
def work():
    print("ready", flush=True)
    time.sleep(60)
"""
    code, _, err = interrupt(RUN.format(body=body))
    assert (code, err) == (130, "stopped: Interrupted.\n")


@posix
def test_an_interrupt_ends_native_code_that_never_looks_up() -> None:
    body = """
def work():
    print("ready", flush=True)
    hashlib.pbkdf2_hmac("sha256", b"a", b"b", 2_000_000_000)
"""
    code, seconds, err = interrupt(RUN.format(body=body))
    assert code == 130
    assert seconds < 20  # the call itself would take many minutes
    assert err == "stopped: Interrupted.\n"


def test_the_handler_of_before_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with exits.interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before


@posix
def test_a_closed_pipe_is_quiet() -> None:
    body = """
def work():
    for _ in range(100_000):
        print("many lines")
    return 0
"""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN.format(body=body)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait(timeout=60) == 1
