"""Whether the screen is served to a browser: then its user is a visitor of this machine.

The one predicate that every action asks that would read a file here, or write one.
"""

from __future__ import annotations

from typing import Any

from textual.app import App

NOT_SERVED = "not in the browser"
"""What a key says that does nothing there."""


def served(app: App[Any]) -> bool:
    return bool(getattr(app, "served", False))
