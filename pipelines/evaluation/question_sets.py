"""A person's own sets of labelled questions: one JSON-lines file a set, readable by any program."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from threading import Lock

from pipelines.errors import UsageError
from pipelines.evaluation.questions import Question, read_questions, to_jsonl
from pipelines.named_files import NamedFiles, safe_name

#: The set that questions marked on a page go to.
MINE = "my questions"


class QuestionSets:
    """The sets of one data folder. Safe from any thread.

    Args:
        folder: Made when the first set is written.
    """

    def __init__(self, folder: Path) -> None:
        self._files = NamedFiles(folder, ".jsonl")
        self._lock = Lock()

    def names(self) -> list[str]:
        """Every set, the marked questions first."""
        return sorted(self._files.names(), key=lambda name: name != MINE)

    def read(self, name: str) -> list[Question]:
        """The questions of a set.

        Raises:
            UsageError: there is no such set. DamagedFile: its file was changed by hand and does not fit.
        """
        if name not in self.names():
            known = ", ".join(self.names()) or "none"
            raise UsageError(f"There is no set of questions {name!r}.", f"There is: {known}.")
        return read_questions(self._files.path(name))

    def add(self, question: Question, name: str = MINE) -> None:
        """Append a question to a set; it survives the death of the process from here on."""
        with self._lock:
            known = self.read(name) if name in self.names() else []
            self._write(clean_name(name), [*known, question])

    def replace(self, place: int, question: Question, name: str = MINE) -> None:
        """Put a question in the place of another, from 0. Raises UsageError: there is none."""
        with self._lock:
            known = self.read(name)
            if not 0 <= place < len(known):
                raise UsageError("That question is not there any more.")
            self._write(name, [*known[:place], question, *known[place + 1 :]])

    def rename(self, name: str, new: str) -> str:
        """Give a set another name; returns it as it is kept.

        Raises:
            UsageError: there is no such set, or one of the new name.
        """
        with self._lock:
            self.read(name)
            new = clean_name(new)
            if new == name:
                return name
            if new in self.names():
                raise UsageError(f"There is a set {new!r} already.", "Choose another name.")
            self._files.rename(name, new)
        return new

    def delete(self, name: str) -> None:
        """Forget a whole set. Raises UsageError: there is none."""
        with self._lock:
            self.read(name)
            self._files.delete(name)

    def remove(self, place: int, name: str = MINE) -> None:
        """Take a question out of a set, by its place from 0; the last one takes the set with it."""
        with self._lock:
            known = self.read(name)
            if not 0 <= place < len(known):
                raise UsageError("That question is not there any more.")
            left = [one for at, one in enumerate(known) if at != place]
            if left:
                self._write(name, left)
            else:
                self._files.delete(name)

    def import_file(self, path: Path, called: str) -> str:
        """Keep a file of questions as a set, under the file's name; returns the set's name.

        Raises:
            DamagedFile, UsageError: as :func:`read_questions`; nothing is kept then.
        """
        questions = read_questions(path)
        name = clean_name(Path(called).stem)
        with self._lock:
            self._write(name, questions)
        return name

    def _write(self, name: str, questions: Sequence[Question]) -> None:
        self._files.write(name, to_jsonl(questions))


def clean_name(name: str) -> str:
    """A set's name as a file may be called."""
    return safe_name(name, "questions")
