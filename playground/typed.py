"""What people type into boxes."""

from __future__ import annotations


def listed(text: str) -> list[str]:
    """The words of a list, separated by commas, semicolons or spaces."""
    return text.replace(";", ",").replace(",", " ").split()
