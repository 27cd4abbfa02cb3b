"""The documents on disk: each file's bytes and its text, so that nothing is parsed or lost twice."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

from pipelines.errors import StoreError
from pipelines.loading.document import Document, Heading, Health, Page
from pipelines.reading.documents import PlacedWord, Places


class Shelf:
    """One folder a document, named by its id: ``original``, ``parsed.json``, ``words.json`` of pages that were read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def original(self, document_id: str) -> Path:
        """Where a document's own bytes are."""
        return self._folder / document_id / "original"

    def keep(self, document: Document, source: Path, places: Places | None = None) -> None:
        """Copy a file and its text; complete or not at all, also when the process is killed.

        Args:
            document: What was read of it.
            source: The file.
            places: Where the words of pages stand that a reader read.

        Raises:
            StoreError: it could not be written; nothing of it is left.
        """
        target = self._folder / document.id
        if (target / "parsed.json").exists():
            return
        draft = self._folder / f".draft-{uuid4().hex}"
        try:
            self._write(draft, document, source, places)
            shutil.rmtree(target, ignore_errors=True)
            os.replace(draft, target)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise StoreError(
                f"{document.name} cannot be kept in {self._folder}: {error.strerror}.",
                "Free some space or make the folder writable, and add it again.",
            ) from error

    @staticmethod
    def _write(draft: Path, document: Document, source: Path, places: Places | None) -> None:
        draft.mkdir()
        shutil.copyfile(source, draft / "original")
        if places:
            words = {page: [[word.start, word.end, *word.box] for word in found] for page, found in places.items()}
            (draft / "words.json").write_text(json.dumps(words), "utf-8")
        (draft / "parsed.json").write_text(json.dumps(asdict(document), ensure_ascii=False), "utf-8", "surrogatepass")

    def places(self, document_id: str) -> Places:
        """Where the words of pages stand that a reader read; none for a document as its file has it."""
        path = self._folder / document_id / "words.json"
        if not path.exists():
            return {}
        found = json.loads(path.read_text("utf-8"))
        return {
            int(page): [
                PlacedWord(start, end, (left, top, right, bottom)) for start, end, left, top, right, bottom in words
            ]
            for page, words in found.items()
        }

    def document(self, document_id: str, name: str) -> Document:
        """Read a document back, under the name the library knows it by."""
        text = (self._folder / document_id / "parsed.json").read_text("utf-8", "surrogatepass")
        values = json.loads(text)
        return Document(
            id=values["id"],
            name=name,
            kind=values["kind"],
            text=values["text"],
            pages=tuple(Page(**page) for page in values["pages"]),
            health=Health(**{**values["health"], "notes": tuple(values["health"]["notes"])}),
            headings=tuple(Heading(**heading) for heading in values["headings"]),
            metadata=values["metadata"],
        )

    def drop(self, document_id: str) -> None:
        """Remove a document's files."""
        shutil.rmtree(self._folder / document_id, ignore_errors=True)

    def tidy(self, known: set[str]) -> None:
        """Remove what a killed process left: drafts, and folders of unknown documents."""
        for folder in self._folder.iterdir():
            if folder.is_dir() and folder.name not in known:
                shutil.rmtree(folder, ignore_errors=True)
