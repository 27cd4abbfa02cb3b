"""The model files on this machine: one's own, and the known ones that are downloaded."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pipelines.engines.base import ModelInfo
from pipelines.engines.builtin_models import MODELS, known
from pipelines.engines.gguf import NotGguf, read_header
from pipelines.errors import EngineError, EngineFailed, ModelMissing
from pipelines.settings import Settings


class ModelFiles:
    """Names to files and what their headers say. A header is read once per version of its file."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.models_dir
        self._own = Path(settings.builtin_model).expanduser() if settings.builtin_model else None
        self._headers: dict[tuple[str, Path, int, int], ModelInfo] = {}  # (name, path, size, mtime) -> info

    @property
    def own_name(self) -> str:
        """Name of the file a person runs by its path; empty when there is none."""
        return self._own.stem if self._own else ""

    def ready(self) -> list[ModelInfo]:
        """Files that can be run, the best first: one's own, then the known ones by size."""
        by_size = sorted(MODELS, key=lambda model: -model.parameters)
        own = [self.own_name] if self.own_name else []
        found = []
        for name in dict.fromkeys(own + [model.name for model in by_size]):
            with suppress(EngineError):  # missing or damaged: whoever asks for it by name is told
                found.append(self.info(name))
        return found

    def path(self, name: str) -> Path:
        """The file of a model.

        Raises:
            ModelMissing: not downloaded, or no such name; says what to type.
        """
        table = known(name)
        if self._own and name == self.own_name:
            if self._own.is_file():
                return self._own
            raise ModelMissing(f"PLAYGROUND_BUILTIN_MODEL names {self._own}, which is not a file.", "Correct the path.")
        if table is None:
            names = ", ".join(model.name for model in MODELS)
            raise ModelMissing(
                f"There is no built-in model {name!r}.",
                f"There is: {names}; any GGUF file runs by its path in PLAYGROUND_BUILTIN_MODEL.",
            )
        path = table.path(self._folder)
        if not path.is_file():
            raise ModelMissing(f"The built-in model {name!r} is not downloaded.", f"Get it: `{table.pull_line}`.")
        return path

    def info(self, name: str) -> ModelInfo:
        """What the file says of itself.

        Raises:
            ModelMissing: as :meth:`path`. EngineFailed: the file is damaged.
        """
        path = self.path(name)
        state = path.stat()
        key = (name, path, state.st_size, state.st_mtime_ns)
        if key not in self._headers:
            self._headers[key] = _read(name, path)
        return self._headers[key]


def _read(name: str, path: Path) -> ModelInfo:
    try:
        header = read_header(path)
    except (NotGguf, OSError) as error:
        raise EngineFailed(
            f"{path.name} is not a model file: {error}.", "Delete it and fetch it again, or name another."
        ) from error
    table = known(name)
    return ModelInfo(
        name=name,
        size_bytes=path.stat().st_size,
        parameters=header.parameters,
        context=header.context,
        capabilities=frozenset({"completion"}) if header.chat_template else frozenset(),
        digest=f"sha256:{table.sha256}" if table else "",
        family=header.architecture,
        vocabulary=header.vocabulary,
    )
