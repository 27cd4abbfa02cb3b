"""The engines at hand: which run, which models they have, and what to type where something is missing."""

from __future__ import annotations

import platform
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from threading import Event as CancelFlag
from typing import Literal

from pipelines import registry
from pipelines.engines.base import CAPABLE, Engine, ModelInfo, PullEvent
from pipelines.engines.builtin import BuiltinEngine
from pipelines.engines.builtin_models import MODELS, SMALL
from pipelines.engines.download import downloading
from pipelines.engines.ollama import OllamaEngine
from pipelines.errors import EngineError, EngineUnreachable, ModelMissing
from pipelines.recipe import Choice
from pipelines.settings import Settings

#: How long a look at Ollama is good for, in seconds: a page may ask on every repaint.
FRESH_S = 4.0

#: Above this many weights an ordinary machine does not keep up.
COMFORTABLE = 10_000_000_000

#: How a person gets a model.
WAY = "Start Ollama and pull a model, or type `playground pull builtin`."

_INSTALL = {
    "Linux": "curl -fsSL https://ollama.com/install.sh | sh",
    "Darwin": "brew install ollama && brew services start ollama",
    "Windows": "winget install Ollama.Ollama",
}


@dataclass(frozen=True)
class OllamaStatus:
    """What is known of Ollama. ``fix`` is the line to type; empty when nothing is missing."""

    state: Literal["running", "stopped", "not installed", "unreachable", "no model"]
    url: str
    version: str = ""
    models: tuple[ModelInfo, ...] = ()
    problem: str = ""
    fix: str = ""


@dataclass(frozen=True)
class BuiltinStatus:
    """One built-in model: here, on its way, or how to get it."""

    name: str
    label: str
    state: Literal["present", "downloading", "absent", "broken"]
    size_bytes: int
    note: str = ""
    fix: str = ""


@dataclass(frozen=True)
class EngineStatus:
    """The engine card: both engines, and which one "auto" means now."""

    ollama: OllamaStatus
    builtin: tuple[BuiltinStatus, ...]
    engine: str  # "ollama", "builtin" or "none"
    model: str


class Engines:
    """Ollama and the built-in engine of one set of settings. Thread-safe; nothing runs before it is asked."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.ollama = OllamaEngine(settings.ollama_url, offline=settings.offline)
        self.builtin = BuiltinEngine(settings)
        self._lock = threading.Lock()
        self._seen = OllamaStatus("unreachable", settings.ollama_url)
        self._seen_at = float("-inf")

    def resolve(self, choice: Choice) -> tuple[Engine, str] | None:
        """Engine and model name for the model section of a recipe; None: no model is at hand.

        Raises:
            EngineUnreachable, ModelMissing: what was asked for by name is not there.
        """
        found: tuple[Engine, str] | None = registry.get("model", choice.name).build(self, choice.params)
        return found

    def required(self, choice: Choice, wanted: str, way: str = WAY) -> tuple[Engine, str]:
        """The same, where nothing can be done without a model.

        Args:
            choice: The model section of a recipe.
            wanted: What for, after "There is no language model".
            way: How a person gets one.

        Raises:
            ModelMissing: none is at hand, or not the one asked for. EngineUnreachable.
        """
        found = self.resolve(choice)
        if found is None:
            raise ModelMissing(f"There is no language model {wanted}.", way)
        return found

    def best_ollama_model(self, max_age_s: float = FRESH_S) -> ModelInfo | None:
        """The model of a running Ollama to prefer; None: it does not run, or has no chat model."""
        return best(self.look(max_age_s).models)

    def look(self, max_age_s: float = FRESH_S) -> OllamaStatus:
        """Ollama as it is now, or was less than ``max_age_s`` seconds ago."""
        with self._lock:
            if time.monotonic() - self._seen_at >= max_age_s:
                self._seen = self._ask()
                self._seen_at = time.monotonic()
            return self._seen

    def _ask(self) -> OllamaStatus:
        url = self.ollama.url
        try:
            version, models = self.ollama.probe(), tuple(self.ollama.models())
        except EngineUnreachable as error:
            return _absent(url, error)
        except EngineError as error:
            return OllamaStatus("unreachable", url, problem=error.message, fix=error.fix)
        if best(models) is None:
            problem = "Ollama runs but has no model to chat with."
            return OllamaStatus("no model", url, version, models, problem, "ollama pull llama3.2")
        return OllamaStatus("running", url, version, models)

    def status(self, max_age_s: float = FRESH_S) -> EngineStatus:
        """Everything the engine card shows."""
        ollama = self.look(max_age_s)
        at_hand = self.resolve(Choice(name="auto", params=registry.get("model", "auto").make_params()))
        engine, model = (at_hand[0].name, at_hand[1]) if at_hand else ("none", "")
        return EngineStatus(ollama, tuple(self._builtin()), engine, model)

    def _builtin(self) -> Iterator[BuiltinStatus]:
        if own := self.builtin.files.own_name:
            yield self._present(BuiltinStatus(own, own, "present", 0, "Your own file."))
        for model in MODELS:
            found = BuiltinStatus(model.name, model.label, "absent", model.size_bytes, model.note, model.pull_line)
            if model.path(self._settings.models_dir).is_file():
                yield self._present(replace(found, fix=""))
            elif downloading(model, self._settings):
                yield replace(found, state="downloading", fix="")
            else:
                yield found

    def _present(self, found: BuiltinStatus) -> BuiltinStatus:
        """A file that should be here, looked into."""
        try:
            size = self.builtin.info(found.name).size_bytes or 0
        except EngineError as error:
            return replace(found, state="broken", note=error.message, fix=error.fix)
        return replace(found, state="present", size_bytes=size)

    def pull(self, name: str, cancel: CancelFlag | None = None) -> Iterator[PullEvent]:
        """Fetch a model: ``builtin`` (the small one), ``builtin/NAME``, or one into Ollama.

        Raises:
            Cancelled, DownloadForbidden, DownloadFailed, ModelMissing, EngineUnreachable.
        """
        engine, _, rest = name.partition("/")
        if engine == "builtin":
            yield from self.builtin.pull(rest or SMALL.name, cancel)
        else:
            yield from self.ollama.pull(name, cancel)
            self.forget()

    def forget(self) -> None:
        """Look again next time."""
        with self._lock:
            self._seen_at = float("-inf")

    def close(self) -> None:
        """Close connections, free the model's memory."""
        self.ollama.close()
        self.builtin.close()


def best(models: tuple[ModelInfo, ...]) -> ModelInfo | None:
    """The model to prefer: on this machine, able to chat; the largest that answers well and is not too slow."""
    local = [m for m in models if "completion" in m.capabilities and "remote" not in m.capabilities]
    return min(local, key=_preference, default=None)


def _preference(model: ModelInfo) -> tuple[int, int]:
    weights = model.parameters or 0
    if weights > COMFORTABLE:
        return 1, weights
    return (0 if weights >= CAPABLE else 2), -weights


def _absent(url: str, error: EngineUnreachable) -> OllamaStatus:
    """Why nothing answers, and the line to type on this system."""
    system = platform.system()
    if not any(host in url for host in ("127.0.0.1", "localhost", "[::1]")):
        return OllamaStatus("unreachable", url, problem=error.message, fix="Check OLLAMA_HOST and that machine.")
    if shutil.which("ollama") is None:
        line = _INSTALL.get(system, "https://ollama.com/download")
        return OllamaStatus("not installed", url, problem="Ollama is not installed.", fix=line)
    line = "open -a Ollama || ollama serve" if system == "Darwin" else "ollama serve"
    return OllamaStatus("stopped", url, problem=f"Ollama is installed but nothing answers at {url}.", fix=line)
