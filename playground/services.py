"""What the whole process shares: the open library, the conversations, work in the background."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Event as CancelFlag
from typing import TYPE_CHECKING

from pipelines import registry
from pipelines.conversations import Conversations
from pipelines.engines.base import Message
from pipelines.errors import PlaygroundError, UsageError
from pipelines.evaluation.question_sets import QuestionSets
from pipelines.events import AskEvent, Indexed, IndexProgress
from pipelines.reading.filling import NONE
from pipelines.recipe import Recipe
from pipelines.recipes.saved import SavedRecipes
from pipelines.registry import Part
from pipelines.runs.run import Begun
from pipelines.runs.store import Runs
from pipelines.settings import Settings
from playground.answers import Answers
from playground.background import passing
from playground.finding.lists import Lists
from playground.jobs import Jobs, Outcome, Report
from playground.labs import Labs
from playground.measurements import Measurements
from playground.metrics import Tally
from playground.notices import Notices
from playground.reading.sheets import Sheets
from playground.runs import outcomes
from playground.runs.kept import start_runs
from playground.runs.recorder import Recorder
from playground.runs.settled import Settled
from playground.sampling.full import FullRows
from playground.tasks import Tasks
from playground.turn import Turn, stored_turn

if TYPE_CHECKING:
    from pipelines.library import Library


@dataclass(frozen=True)
class Upload:
    """A file as it arrived: where it lies, what the person calls it, its password."""

    path: Path
    name: str
    password: str | None = None


@dataclass(frozen=True)
class Services:
    """Clients and queues of the process. A person's choices live in a Session, never here."""

    settings: Settings
    library: Library
    conversations: Conversations
    jobs: Jobs
    answers: Answers
    tasks: Tasks
    measurements: Measurements
    questions: QuestionSets
    recipes: SavedRecipes
    lists: Lists
    labs: Labs
    full: FullRows
    sheets: Sheets
    notices: Notices
    runs: Runs
    recorder: Recorder
    settled: Settled
    tally: Tally | None  # where programs may watch this one

    @classmethod
    def open(cls, settings: Settings) -> Services:
        """Open the data folder.

        Raises:
            StoreLocked: another process has it. StoreError: what it holds cannot be read; runs alone need not be.
        """
        from pipelines.library import Library

        tally = Tally() if settings.metrics else None
        library = Library.open(settings=settings)
        try:
            conversations = Conversations(settings.data_dir / "conversations.sqlite")
            conversations.interrupt()
        except PlaygroundError:
            library.close()
            raise
        jobs = Jobs()
        notices = Notices(jobs.touch)
        runs = start_runs(settings, notices.tell)
        recorder = Recorder(
            runs if settings.runs_mb else None,
            library.engines,
            partial(notices.tell, "A run was not kept"),
            tally.count if tally else None,
        )
        return cls(
            settings,
            library,
            conversations,
            jobs,
            Answers(conversations, partial(notices.tell, "An answer was not kept")),
            Tasks(),
            Measurements(),
            QuestionSets(settings.data_dir / "questions"),
            SavedRecipes.of(settings.data_dir),
            Lists(),
            Labs(),
            FullRows(),
            Sheets(library, settings.data_dir / "uploads"),
            notices,
            runs,
            recorder,
            Settled(),
            tally,
        )

    def seen_by(self, user: str | None) -> Services:
        """The same with the runs that a person may see; None: nobody signs in, all of them."""
        return replace(self, runs=self.runs.seen_by(user))

    def close(self) -> None:
        """End background work, then release the folder."""
        self.tasks.close()
        self.measurements.close()
        self.answers.close()
        self.jobs.close()
        self.settled.close()
        self.runs.close()
        self.conversations.close()
        self.library.close()

    # engines ---------------------------------------------------------------------------------------

    def pull(self, name: str) -> str:
        """Fetch a model in the background; returns the job's id."""

        def work(report: Report, cancel: CancelFlag) -> Iterator[Outcome]:
            for step in self.library.engines.pull(name, cancel):
                report(step)
            yield from ()

        return self.jobs.submit("pull", self.fetching(name), work)

    @staticmethod
    def fetching(name: str) -> str:
        """Title of the job that fetches a model."""
        return f"Fetching {'the built-in model' if name.startswith('builtin') else name}"

    def warm(self) -> None:
        """Load what the first question needs, while the person reads the page. Slow: call it in the background."""
        if any(document.chunks for document in self.library.documents()):
            self.library.search("warm")

    # documents -------------------------------------------------------------------------------------

    def documents(self, recipe: Recipe) -> list[Indexed]:
        """The documents of the library; failed ones are shown from the queue instead."""
        return [d for d in self.library.documents(recipe) if d.status != "failed"]

    def add(self, uploads: Sequence[Upload], recipe: Recipe, title: str = "") -> str:
        """Index files in the background; returns the job's id."""
        title = title or (f"Adding {uploads[0].name}" if len(uploads) == 1 else f"Adding {len(uploads)} files")

        def work(report: Report, cancel: CancelFlag) -> Iterator[Outcome]:
            for place, upload in enumerate(uploads, start=1):
                if cancel.is_set():
                    return
                yield self._add_one(upload, recipe, report, cancel, (place, len(uploads)))

        return self.jobs.submit("index", title, work)

    def _add_one(
        self, upload: Upload, recipe: Recipe, report: Report, cancel: CancelFlag, place: tuple[int, int]
    ) -> Outcome:
        file, files = place

        def told(step: IndexProgress) -> None:
            report(replace(step, file=file, files=files))

        inputs = {"name": upload.name, "encrypted": upload.password is not None}
        run = self.recorder.begin(Begun("index", recipe.to_json(), upload.name, (upload.name,), inputs, "sidebar"))
        indexed = self.library.add(
            upload.path, recipe, name=upload.name, password=upload.password, on_progress=told, cancel=cancel
        )
        self.recorder.end(run, outcomes.of_indexed(indexed))
        return Outcome(indexed, upload.path)

    def readers(self) -> list[Part]:
        """What can read pages without text."""
        return [part for part in registry.parts("reader") if part.name != NONE]

    def read(self, name: str, recipe: Recipe) -> str:
        """Read a document's pages without text with the recipe's reader, in the background; returns the job's id."""

        def work(report: Report, cancel: CancelFlag) -> Iterator[Outcome]:
            yield Outcome(self.library.read(name, recipe, on_progress=report, cancel=cancel))

        return self.jobs.submit("index", f"Reading {name} with {recipe.choice('reader').name}", work)

    def unlock(self, failure: str, password: str, recipe: Recipe) -> None:
        """Try an encrypted file again with a password."""
        known = self.jobs.failure(failure)
        if known is None or known.path is None or not known.path.exists():
            raise UsageError("That file is not here any more.", "Add it again.")
        self.add([Upload(known.path, known.outcome.document, password)], recipe)

    def remove(self, name: str) -> None:
        """Forget a document."""
        self.library.remove(name)
        self.jobs.touch()

    def first_questions(self) -> list[str]:
        """Questions to click at the start, where the sample documents are at hand."""
        from sample_docs import SAMPLES, first_questions

        here = {document.document for document in self.library.documents()}
        return list(first_questions) if here & set(SAMPLES) else []

    # questions -------------------------------------------------------------------------------------

    def ask(self, conversation: str, question: str, recipe: Recipe, documents: Sequence[str] | None) -> str:
        """Store the question, answer it in the background; returns the id of the answer's message."""
        history, owner = list(self._history(conversation)), self.conversations.get(conversation).owner
        self.conversations.add(conversation, "user", question)

        def source(cancel: CancelFlag) -> Iterator[AskEvent | IndexProgress]:
            def prepare(report: Callable[[IndexProgress], None]) -> None:
                self.library.prepare(recipe, documents, on_progress=report, cancel=cancel)

            yield from passing(prepare)
            yield from self.library.ask(question, recipe, history=history, documents=documents, cancel=cancel)

        def recorded(cancel: CancelFlag) -> Iterator[AskEvent | IndexProgress]:
            inputs = {"history": [[one.role, one.content] for one in history], "documents": documents}
            begun = Begun("ask", recipe.to_json(), question, tuple(documents or ()), inputs, "chat", owner=owner)
            return self.recorder.answering(begun, source(cancel))

        return self.answers.start(conversation, Turn(question), recipe.to_json(), recorded)

    def _history(self, conversation: str) -> Iterator[Message]:
        """Questions with an answer worth remembering; what failed or was cut short is left out."""
        question = ""
        for message in self.conversations.messages(conversation):
            if message.role == "user":
                question = message.text
            elif message.state == "done" and question:
                yield Message("user", question)
                yield Message("assistant", message.text)

    def turn(self, message: str) -> Turn | None:
        """An answer, running or stored."""
        return self.answers.peek(message) or stored_turn(self.conversations.find(message))
