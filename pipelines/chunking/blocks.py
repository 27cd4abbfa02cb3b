"""Tables and list items in a text, as ranges: what a good cut leaves whole. Rules, so estimates."""

from __future__ import annotations

import re

from pipelines.chunking.base import Span

#: A bullet, or a number or letter with a full stop or bracket, that opens a list item.
_ITEM = re.compile(r"^[ \t]*(?:[•◦▪‣*+–—-]|\(?(?:\d{1,3}|[a-z])[.)])[ \t]+\S", re.MULTILINE)

#: A figure as tables print it: 1,204  (2.7)  +23.7 %  —
_FIGURE = re.compile(r"^[(+−–-]?[€$£]?\d[\d.,’ ]*%?\)?$|^[—–-]$|^%$")

_LEAST_ROWS = 3
_LEAST_FIGURES = 2


def tables(text: str) -> list[Span]:
    """Runs of rows: lines of Markdown cells, or at least three lines with two or more figures each.

    The line above such a run belongs to it where it is short: its headings.
    """
    lines = _lines(text)
    found: list[Span] = []
    first = 0
    while first < len(lines):
        last = first
        while last < len(lines) and _is_row(text[lines[last].start : lines[last].end]):
            last += 1
        if last - first >= _LEAST_ROWS:
            found.append(Span(lines[first].start, lines[last - 1].end))
        first = last + 1
    return found


def list_items(text: str) -> list[Span]:
    """Each item from its mark to the next one, a blank line, or a line that is not indented under it."""
    found: list[Span] = []
    for mark in _ITEM.finditer(text):
        line, end = mark.start(), _line_end(text, mark.start())
        while end < len(text):
            following = text[end + 1 : _line_end(text, end + 1)]
            if not following.strip() or _ITEM.match(following) or not _goes_on(text[line:end], following):
                break
            line, end = end + 1, end + 1 + len(following)
        found.append(Span(mark.start(), end))
    return found


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _goes_on(line: str, following: str) -> bool:
    """Whether the line after one of an item is the rest of it: indented, or broken in mid-sentence."""
    return following[:1] in " \t" or not line.rstrip().endswith((".", "!", "?", ":", ";"))


def _is_row(line: str) -> bool:
    if line.count("|") >= 2:
        return True
    cells = line.split()
    figures = sum(1 for cell in cells if _FIGURE.match(cell))
    return figures >= _LEAST_FIGURES and figures * 2 >= len(cells) - 3


def _lines(text: str) -> list[Span]:
    spans, at = [], 0
    for line in text.split("\n"):
        spans.append(Span(at, at + len(line)))
        at += len(line) + 1
    return spans
