"""Text files of one folder under names that people give: what a person saves, readable by any program.

A file is replaced whole, so a killed process leaves the old one or the new one.
"""

from __future__ import annotations

import os
import re
import unicodedata
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from pipelines.errors import StoreError

#: Longest name, in characters, and in bytes: a file's name has at most 255, with its ending.
LONGEST = 80
_LONGEST_BYTES = 200

_ODD = re.compile(r"[^\w .()\-]+")

#: Windows gives these names to devices, whatever the ending.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


class NamedFiles:
    """The files of a folder with one ending.

    Args:
        folder: Made when the first file is written.
        ending: With its dot.
    """

    def __init__(self, folder: Path, ending: str) -> None:
        self._folder = folder
        self._ending = ending

    def names(self) -> list[str]:
        """Every name, sorted."""
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.glob(f"[!.]*{self._ending}"))

    def taken(self, name: str) -> bool:
        """Whether there is a file of that name; capitals make no other, since some systems do not tell them apart."""
        return _alike(name) in map(_alike, self.names())

    def path(self, name: str) -> Path:
        """Where the file of a (safe) name lies."""
        return self._folder / f"{name}{self._ending}"

    def write(self, name: str, text: str) -> None:
        """Write or replace a file; it survives the death of the process from here on.

        Raises:
            StoreError: the folder cannot be written.
        """
        draft = self._folder / f".draft-{uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with draft.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(draft, self.path(name))
        except OSError as error:
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise StoreError(f"{name!r} cannot be kept: {error.strerror}.", "Free some space.") from error

    def rename(self, name: str, new: str) -> None:
        """Give a file another name, at once. Raises StoreError: the system does not let us."""
        try:
            os.replace(self.path(name), self.path(new))
        except OSError as error:
            raise StoreError(f"{name!r} cannot be renamed: {error.strerror}.") from error

    def delete(self, name: str) -> None:
        """Remove a file; there may be none. Raises StoreError: the system does not let us."""
        try:
            self.path(name).unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"{name!r} cannot be deleted: {error.strerror}.") from error


def _alike(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def safe_name(name: str, otherwise: str) -> str:
    """A name as a file may be called on any system; ``otherwise`` where nothing is left of it."""
    name = " ".join(_ODD.sub(" ", unicodedata.normalize("NFC", name)).split()).strip(".")[:LONGEST]
    name = name.encode()[:_LONGEST_BYTES].decode(errors="ignore").strip(" .")
    return f"_{name}" if _DEVICES.match(name) else name or otherwise
