"""What is timed: run by hand, python -m tests.benchmarks.start_and_keys; pytest leaves it alone.

Like the tests, it has a state folder that is thrown away: what its programs leave when they are
killed is offered to nobody, and what its user's have left is in nobody's way.
"""

from tests import conftest as conftest
