"""Which process a run belongs to, so that a killed one can be told from one that is at work."""

from __future__ import annotations

import os


def this_process() -> str:
    """Its number and when it began: numbers are used again."""
    import psutil

    return f"{os.getpid()} {psutil.Process().create_time():.2f}"


def alive(process: str) -> bool:
    """Whether it is still there."""
    import psutil

    number, _, began = process.partition(" ")
    try:
        return abs(psutil.Process(int(number)).create_time() - float(began)) < 1
    except (psutil.Error, ValueError):
        return False
