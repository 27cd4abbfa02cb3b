"""What the retrieval lab knows and does, without Gradio: its state, columns on one question, the trace of ranks."""
