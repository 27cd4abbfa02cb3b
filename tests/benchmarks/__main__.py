"""Run every benchmark, one process each so that none warms another."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from tests import benchmarks

for module in pkgutil.iter_modules(benchmarks.__path__):
    if not module.name.startswith("_"):
        print(f"\n── {module.name}", flush=True)
        subprocess.run([sys.executable, "-m", f"tests.benchmarks.{module.name}"], check=False)
