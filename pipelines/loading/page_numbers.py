"""Pages as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipelines.errors import UsageError

#: Most pages one may name.
_PAGES = 20_000


def page_numbers(text: str) -> list[int] | None:
    """``1-3, 8`` as numbers; empty text is None: all pages.

    Raises:
        UsageError: something else.
    """
    found: list[int] = []
    for part in filter(None, re.split(r"[,;\s]+", re.sub(r"\s*[-–]\s*", "-", text.strip()))):
        match = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", part)
        first = int(match[1]) if match else 0
        last = int(match[2] or first) if match else 0
        if not 1 <= first <= last or len(found) + last - first >= _PAGES:
            raise UsageError(f"{part!r} is no page, or range of pages.", "Write 1-3, 8.")
        found += range(first, last + 1)
    return found or None


def told_pages(numbers: Iterable[int]) -> str:
    """Pages as people write them: ``page 3``, ``pages 1–3, 7``."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    words = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return f"{'page' if sum(map(len, runs)) == 1 else 'pages'} {', '.join(words)}"
