"""A run of an experiment: its iterations, the history that it keeps of them, positions in time."""
