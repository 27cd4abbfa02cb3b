"""Engines: what runs a language model (Ollama, or a GGUF file in process), found, asked and fetched."""
