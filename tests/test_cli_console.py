"""What the command line writes, and where."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.cli import console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@given(st.text())
def test_json_reads_back_and_holds_nothing_a_terminal_obeys(text: str) -> None:
    written = console.to_json({"text": text})
    assert json.loads(written) == {"text": text}
    assert console.clean(written) == written


def test_json_keeps_letters_readable() -> None:
    assert "größe 日本" in console.to_json({"a": "größe 日本"})


def test_json_refuses_what_is_not_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        console.to_json({"score": float("nan")})


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b31m", "a\rb", "\u202egnp.exe", "\x07"])
def test_terminal_escapes_are_not_printed(hostile: str) -> None:
    assert not set(console.clean(hostile)) & set("\x1b\x9b\r\u202e\x07")


def test_a_problem_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.problem("two\nlines\x1b[31m of\r text")
    assert capsys.readouterr().err == "error: two lines\ufffd[31m of text\n"


def test_prints_of_python_and_native_code_land_on_stderr_until_the_json_is_written() -> None:
    script = (
        "import os, subprocess, sys\n"
        "from playground.cli.console import stdout_kept, write_json\n"
        "with stdout_kept():\n"
        "    print('a library prints')\n"
        "    sys.stdout.flush()\n"
        "    os.write(1, b'native code writes\\n')\n"
        "    subprocess.run([sys.executable, '-c', 'print(\"a child prints\")'])\n"
        "write_json({'answer': 'größe \\x9b'})\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60)
    assert json.loads(done.stdout.decode("utf-8")) == {"answer": "größe \x9b"}
    err = done.stderr.decode()
    assert [word in err for word in ("a library prints", "native code writes", "a child prints")] == [True] * 3


def test_a_terminal_has_one_line_rewritten() -> None:
    stream = Terminal()
    with console.Progress(stream, terminal_every=0) as progress:
        progress.update("a long first line")
        progress.update("short")
    assert "\n" not in stream.getvalue()
    shown = stream.getvalue().split("\r")
    assert shown == ["", "a long first line", "short".ljust(17), " " * 5, ""]


def test_a_rewritten_line_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    stream = Terminal()
    console.Progress(stream, terminal_every=0).update("x" * 500)
    assert max(map(len, stream.getvalue().split("\r"))) == 19


def test_elsewhere_lines_are_sparse() -> None:
    often, seldom = io.StringIO(), io.StringIO()
    for stream, every in ((often, 0.0), (seldom, 1000.0)):
        with console.Progress(stream, every=every) as progress:
            for number in range(5):
                progress.update(f"page {number}")
    assert often.getvalue() == "".join(f"page {number}\n" for number in range(5))
    assert seldom.getvalue() == ""


def test_a_table_shows_markup_and_escapes_as_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.console().print(console.table(("a", "b"), [("[red]x[/red]", "\x1b[2Jy"), (None, 12)], right=("b",)))
    lines = capsys.readouterr().out.splitlines()
    assert "[red]x[/red]" in lines[1]
    assert "\x1b" not in lines[1]
    assert lines[2].endswith("12")
