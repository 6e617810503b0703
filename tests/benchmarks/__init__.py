"""What is timed: run by hand, python -m tests.benchmarks.start_and_keys; pytest leaves it alone."""
