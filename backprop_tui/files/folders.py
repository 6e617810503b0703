"""Where the program keeps things of its own. It makes no folders."""

from __future__ import annotations

import os

LOCK = ".lock"
"""The ending of the file that a running program holds, where it keeps something."""


def state_folder() -> str:
    """XDG_STATE_HOME, or ~/.local/state, and in it the program's own."""
    home = os.environ.get("XDG_STATE_HOME", "")
    if not os.path.isabs(home):
        home = os.path.join(os.path.expanduser("~"), ".local", "state")
    return os.path.join(home, "backprop-tui")
