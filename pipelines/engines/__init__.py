"""Engines: what runs a language model (Ollama, or a GGUF file in process), found, asked and fetched."""

from pipelines.engines.detect import Engines, EngineStatus

__all__ = ["EngineStatus", "Engines"]
