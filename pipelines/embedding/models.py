"""The embedding models of a process, each built once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pipelines import registry

if TYPE_CHECKING:
    from pipelines.embedding.base import Embedder
    from pipelines.recipe import Choice
    from pipelines.settings import Settings


class Embedders:
    """Safe from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._built: dict[str, Embedder] = {}
        self._lock = threading.Lock()

    def get(self, choice: Choice) -> Embedder:
        """The embedding model of a recipe's embedder section. Raises EngineUnreachable, ModelMissing."""
        key = choice.model_dump_json()
        with self._lock:
            if key not in self._built:
                self._built[key] = registry.get("embedder", choice.name).build(choice.params, self._settings)
            return self._built[key]
