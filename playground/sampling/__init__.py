"""The sampling lab: one prompt, settings side by side, and every token seen through a lens."""
