"""The face: the Gradio app and the command line. No retrieval, no model call, no metric lives here."""
