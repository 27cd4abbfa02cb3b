"""What the labs know and do, without Gradio: state, what is on show, and the board as it comes to be."""
