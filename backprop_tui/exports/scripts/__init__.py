"""Scripts: a run as Python source, in NumPy or in PyTorch, that computes the same numbers."""
