"""Answers are written in background threads and kept in SQLite, so a reload or a closed tab loses nothing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from threading import Event as CancelFlag
from threading import Lock, Thread

from pipelines.conversations import Conversations
from pipelines.errors import Cancelled, PlaygroundError, StoreError
from pipelines.events import AskEvent, Failed, IndexProgress
from playground.live import UPDATE_S, Live
from playground.turn import Turn, fold

#: Least seconds between two writes of a growing answer.
SAVE_S = 0.7

log = logging.getLogger(__name__)


def paced(interval_s: float = UPDATE_S) -> Callable[[], bool]:
    """A clock that says yes at most once in ``interval_s`` seconds."""
    last = 0.0

    def due() -> bool:
        nonlocal last
        now = time.monotonic()
        if now - last < interval_s:
            return False
        last = now
        return True

    return due


#: Starts the work of an answer: told when to stop, yields what happens.
Source = Callable[[CancelFlag], Iterator[AskEvent | IndexProgress]]


@dataclass
class _Live:
    """An answer being written."""

    conversation: str
    turn: Live[Turn]
    kept: bool = True  # whether its last state is on disk


class Answers:
    """Answers being written, by message id. Several at once do not wait for each other.

    Args:
        conversations: Where they are kept.
        tell: Told why an answer could not be kept; it is shown all the same, until the app ends.
    """

    def __init__(self, conversations: Conversations, tell: Callable[[str], None] = log.warning) -> None:
        self._store, self._tell = conversations, tell
        self._lock = Lock()
        self._live: dict[str, _Live] = {}

    def start(self, conversation: str, turn: Turn, recipe: str, source: Source) -> str:
        """Write an answer in the background; returns the id of its message."""
        made = self._store.add(conversation, "assistant", "", state="running", recipe=recipe, details=turn.to_json())
        live = _Live(conversation, Live(turn, lambda now: now.state == "running"))
        with self._lock:
            self._live[made.id] = live
        Thread(target=self._write, args=(made.id, live, source), name="answer", daemon=True).start()
        return made.id

    def running(self, conversation: str) -> str:
        """Id of the answer being written in a conversation, or ""."""
        with self._lock:
            lives = self._live.items()
            return next((m for m, one in lives if one.conversation == conversation and one.turn.going), "")

    def peek(self, message: str) -> Turn | None:
        """The answer so far, while it is written, and after that where it could not be kept."""
        live = self._live.get(message)
        return live.turn.value if live else None

    def stop(self, conversation: str) -> None:
        """Ask the answer of a conversation to end; its text so far is kept."""
        with self._lock:
            for live in self._live.values():
                if live.conversation == conversation:
                    live.turn.cancel.set()

    def follow(self, message: str) -> Iterator[Turn]:
        """The answer as it grows, at most about twenty times a second, the last state included."""
        live = self._live.get(message)
        if live is not None:
            yield from live.turn.follow()

    def close(self) -> None:
        """Stop all answers and wait for their last words to be saved."""
        with self._lock:
            lives = list(self._live.values())
        for live in lives:
            live.turn.cancel.set()
        for live in lives:
            live.turn.settle(5)

    def _write(self, message: str, live: _Live, source: Source) -> None:
        save = paced(SAVE_S)
        try:
            for event in source(live.turn.cancel):
                turn = fold(live.turn.value, event)
                if turn.state != "running" or save():
                    self._save(message, live, turn)  # on disk before anyone sees it finished
                live.turn.show(turn)
            if live.turn.value.state == "running":
                self._stopped(message, live)
        except Cancelled:
            self._stopped(message, live)
        except PlaygroundError as error:
            self._fail(message, live, error)
        except Exception as error:
            log.exception("answer %s failed", message)
            fix = "The log has the details; please report it."
            self._fail(message, live, PlaygroundError(f"The answer broke: {error!r}.", fix))
        finally:
            if live.kept:
                with self._lock:
                    self._live.pop(message, None)

    def _fail(self, message: str, live: _Live, error: PlaygroundError) -> None:
        turn = fold(live.turn.value, Failed(error, live.turn.value.text))
        self._save(message, live, turn)
        live.turn.show(turn)

    def _stopped(self, message: str, live: _Live) -> None:
        turn = replace(live.turn.value, state="stopped", preparing=None)
        self._save(message, live, turn)
        live.turn.show(turn)

    def _save(self, message: str, live: _Live, turn: Turn) -> None:
        try:
            self._store.update(message, text=turn.text, state=turn.state, style=turn.style, details=turn.to_json())
            live.kept = True
        except StoreError as error:
            live.kept = False
            self._tell(str(error))
