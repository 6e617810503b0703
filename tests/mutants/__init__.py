"""Small changes to the program that some test must notice: `python -m tests.mutants`."""
