"""Make the sample PDFs again: ``python -m sample_docs.build`` (needs the ``test`` extra).

The same sources and the same versions of reportlab, Pillow, numpy and pypdfium2 give the same bytes.
``field-guide.md`` is its own source and is left alone.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from sample_docs import folder


def build(target: Path) -> list[Path]:
    """Write the four PDFs into a folder.

    Returns:
        Their paths.
    """
    from sample_docs.sources import handbook, letter, paper, report

    made = []
    for document in (report, handbook, paper, letter):
        document.build(target)
        made.append(target / document.NAME)
    return made


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m sample_docs.build", description="Make the sample PDFs again.")
    parser.add_argument("--to", type=Path, default=folder(), metavar="FOLDER", help="another place to write to")
    target: Path = parser.parse_args().to
    target.mkdir(parents=True, exist_ok=True)
    for path in build(target):
        print(f"{path.name:28} {path.stat().st_size / 1024:6.0f} KB")


if __name__ == "__main__":
    main()
