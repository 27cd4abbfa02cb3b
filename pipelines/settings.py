"""Where things are: read once from ``PLAYGROUND_*`` variables, then passed around."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines.errors import UsageError

APP = "rag-playground"


def default_data_dir() -> Path:
    """Where documents are kept unless somebody says otherwise."""
    return Path(platformdirs.user_data_dir(APP))


class Settings(BaseModel):
    """Every setting, its variable being ``PLAYGROUND_`` and the name in capitals."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(default_factory=default_data_dir, description="Documents, index, chats.")
    models_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir(APP)) / "models",
        description="Downloaded model files, shared by all data folders.",
    )
    offline: bool = Field(False, description="Forbid every download.")
    builtin_model: str = Field("", description="Path of a GGUF file to run in process.")
    ollama_host: str = Field("", description="Address of Ollama; empty: OLLAMA_HOST, then 127.0.0.1:11434.")
    qdrant_url: str = Field("", description="Address of a Qdrant server; empty: the engine in process.")
    qdrant_api_key: str = Field("", description="Key of the Qdrant server.", repr=False)
    host: str = Field("127.0.0.1", description="Address the app listens on.")
    port: int = Field(7860, description="Port the app listens on; the next free one if taken.", ge=0, le=65535)
    browser: bool = Field(True, description="Open a browser at the start.")
    max_file_mb: int = Field(200, description="Largest file taken, in MB.", ge=1)
    max_pages: int = Field(5000, description="Most pages read of one file.", ge=1)
    parse_seconds: int = Field(50, description="Longest time one file may take to parse.", ge=1)
    parse_memory_mb: int = Field(1800, description="Most memory the parsing process may take, in MB.", ge=128)
    read_memory_mb: int = Field(
        2200, description="Most memory the process that opens pictures and runs OCR may take, in MB.", ge=128
    )
    runs_mb: int = Field(
        500, description="Most that inputs and outputs of kept runs may take, in MB; 0: keep no runs.", ge=0
    )
    threads: int = Field(0, description="Threads of the built-in models; 0: one per core.", ge=0)

    @classmethod
    def from_env(cls, **overrides: object) -> Settings:
        """Settings of this process; ``overrides`` that are not None win over variables.

        Raises:
            UsageError: a variable or override holds a value that does not fit.
        """
        names = cls.model_fields
        found = {n: os.environ[f"PLAYGROUND_{n.upper()}"] for n in names if f"PLAYGROUND_{n.upper()}" in os.environ}
        values = {**found, **{k: v for k, v in overrides.items() if v is not None}}
        values.setdefault("ollama_host", os.environ.get("OLLAMA_HOST", ""))
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            first = error.errors()[0]
            name = str(first["loc"][0]) if first["loc"] else ""
            raise UsageError(f"Setting PLAYGROUND_{name.upper()} = {first['input']!r}: {first['msg']}.") from error

    @property
    def ollama_url(self) -> str:
        """Base address of Ollama, with scheme and port, as its own programs read OLLAMA_HOST."""
        host = (self.ollama_host or "127.0.0.1:11434").strip().rstrip("/")
        if "://" not in host:
            host = f"http://{host}"
        scheme, _, rest = host.partition("://")
        if ":" not in rest.rpartition("]")[2]:
            rest += {"https": ":443"}.get(scheme, ":11434")
        return f"{scheme}://{rest.replace('0.0.0.0', '127.0.0.1', 1)}"  # noqa: S104
