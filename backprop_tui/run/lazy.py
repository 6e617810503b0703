"""What is imported when it is first asked for, so that the program starts faster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late

if TYPE_CHECKING:
    from backprop_tui.run.many import Many as Many

__getattr__ = late(__name__, homes(__file__))
