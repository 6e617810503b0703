"""What the exports wing imports only when it is asked for: painting takes the screen's modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late

if TYPE_CHECKING:
    from backprop_tui.exports.lesson_screens import lost as lost

__getattr__ = late(__name__, homes(__file__))
