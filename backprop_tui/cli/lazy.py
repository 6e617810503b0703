"""What the commands import when they run: `--help` and `--version` wait for neither NumPy nor Rich,
and no command but the stepper for the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late

if TYPE_CHECKING:
    from rich.console import Console as Console
    from rich.markdown import Markdown as Markdown
    from rich.text import Text as Text
    from rich.theme import Theme as Theme

    from backprop_tui.cli.completion import complete as complete
    from backprop_tui.cli.experiment import decimals_of as decimals_of
    from backprop_tui.cli.experiment import is_experiment as is_experiment
    from backprop_tui.cli.experiment import opened as opened
    from backprop_tui.cli.experiment import preferences as preferences
    from backprop_tui.cli.experiment import unknown as unknown
    from backprop_tui.cli.running import check as check
    from backprop_tui.cli.running import compare as compare
    from backprop_tui.cli.running import derive as derive
    from backprop_tui.cli.running import export as export
    from backprop_tui.cli.running import trace as trace
    from backprop_tui.cli.running import train as train
    from backprop_tui.exports.record import Record as Record
    from backprop_tui.files.atomic_write import SaveError as SaveError
    from backprop_tui.files.experiment_file import load as load
    from backprop_tui.files.settings import remember_theme as remember_theme
    from backprop_tui.plain.loop import run as run
    from backprop_tui.serve.server import Server as Server
    from backprop_tui.serve.server import is_loopback as is_loopback
    from backprop_tui.serve.server import serve as serve
    from backprop_tui.serve.server import trouble as trouble
    from backprop_tui.session.opening import resumed as resumed
    from backprop_tui.tui.app import BackpropApp as BackpropApp

__getattr__ = late(__name__, homes(__file__))
