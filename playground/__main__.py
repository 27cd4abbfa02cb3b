"""``playground`` and ``python -m playground``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    try:
        from playground.cli import run

        code = run()
    except KeyboardInterrupt:  # before the command line could take care of it
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
