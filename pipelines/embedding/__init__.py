"""Texts to vectors: one embedding model a file (`builtin`, `ollama`), rulers that count in their tokens."""
