"""``python -m tests.benchmarks.known_file``: adding a file the library knows; wants under one second."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from pipelines import Library, Settings
from tests.benchmarks.parsing import build_manual

PAGES, ROUNDS = 300, 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        manual = Path(folder) / "manual.pdf"
        build_manual(manual, PAGES)
        with Library.open(settings=Settings(data_dir=Path(folder) / "data", offline=True)) as library:
            started = time.perf_counter()
            first = library.add(manual)
            whole = time.perf_counter() - started
            again = []
            for _ in range(ROUNDS):
                started = time.perf_counter()
                assert library.add(manual).status == "unchanged"
                again.append(time.perf_counter() - started)
    print(f"{PAGES} pages, {first.chunks} chunks: first {whole:.1f} s; known {min(again):.3f} s (target 1 s)")


if __name__ == "__main__":
    main()
