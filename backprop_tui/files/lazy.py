"""What reading or saving an experiment needs only where it is asked for: loaded when it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late

if TYPE_CHECKING:
    from backprop_tui.files.csv_data import read_csv as read_csv
    from backprop_tui.files.toml_text import changed as changed
    from backprop_tui.learn.formulas import FormulaError as FormulaError
    from backprop_tui.learn.formulas import read as read
    from backprop_tui.learn.formulas import trees as trees
    from backprop_tui.maths.parser import GrammarError as GrammarError
    from backprop_tui.maths.parser import parse as parse

__getattr__ = late(__name__, homes(__file__))
