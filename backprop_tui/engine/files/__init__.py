"""The experiment file: its rules and checks, what flags change in it, and how it is written.

Begin with `experiment_file`, which reads one. `saving` writes it with where a run stands, `codes`
makes that a few characters, `recovery` keeps it against a crash. Nothing here computes a step.
"""
