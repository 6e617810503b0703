"""What opens over the panels: lists to choose from, and sheets to read."""
