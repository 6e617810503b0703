"""A page of the guide, for a sheet of that width."""

from __future__ import annotations

from functools import lru_cache
from io import StringIO

from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from backprop_tui import guide


@lru_cache(maxsize=2)  # the same page is drawn again at each key that scrolls it
def guide_text(topic: str, width: int) -> Text:
    """The page of a topic, its lines no longer than `width`."""
    console = Console(width=width, file=StringIO(), force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(Markdown(guide.text(topic)))
    return Text.from_ansi(captured.get())
