"""``python -m tests.benchmarks.page``: the page in a browser beside an empty Gradio app's, opened in turn.

- Opening: from going there to the last words drawn; wants at most 4 times the empty app.
- Weight: components, and pairs of a component and a handler that it starts. Gradio's page looks at each component once
  for each of the pairs, so their product is what opening takes.

Needs Chromium (CHROMIUM, or on PATH).
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from playwright.sync_api import BrowserContext, sync_playwright

from tests.benchmarks.app import EMPTY, playground, start
from tests.browser.conftest import FLAGS
from tests.test_offline import free_port

ROUNDS = 7

#: What stands on each page last.
OURS, BARE = "#last .welcome, #last .exchange", "text=empty"


def opened(context: BrowserContext, port: int, last: str) -> float:
    """Seconds until the page is drawn, by a person who was here before."""
    page = context.new_page()
    started = time.perf_counter()
    page.goto(f"http://127.0.0.1:{port}")
    page.locator(last).first.wait_for()
    seconds = time.perf_counter() - started
    page.close()
    return seconds


def weight(context: BrowserContext, port: int) -> tuple[int, int]:
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{port}")
    config: dict[str, Any] = page.evaluate("window.gradio_config")
    page.close()
    return len(config["components"]), sum(len(one["targets"]) for one in config["dependencies"])


def main() -> None:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        raise SystemExit("no Chromium: set CHROMIUM to its path")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as driver:
        ports = free_port(), free_port()
        commands = [*playground(ports[0], f"{folder}/data"), "--offline"], [sys.executable, "-c", EMPTY, str(ports[1])]
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for command, port in zip(commands, ports, strict=True):
                processes.append(start(command, port)[0])
            context = driver.chromium.launch_persistent_context(f"{folder}/profile", executable_path=path, args=FLAGS)
            pairs = [(opened(context, ports[0], OURS), opened(context, ports[1], BARE)) for _ in range(ROUNDS + 1)][1:]
            heavy = weight(context, ports[0])
            context.close()
        finally:
            for process in processes:
                process.kill()
                process.wait()
    ours, bare = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"opening: ours {ours:.2f} s, empty Gradio app {bare:.2f} s, ratio {ours / bare:.2f} (target 4)")
    print(f"weight: {heavy[0]} components, {heavy[1]} of them with a handler (each counted for each)")


if __name__ == "__main__":
    main()
