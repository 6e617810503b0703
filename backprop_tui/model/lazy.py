"""What the records of an experiment need only where a file says it: loaded when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late

if TYPE_CHECKING:
    from backprop_tui.maths.parser import GrammarError as GrammarError
    from backprop_tui.maths.parser import parse as parse
    from backprop_tui.model.formulas import NetworkError as NetworkError
    from backprop_tui.model.formulas import architecture_of_formulas as architecture_of_formulas
    from backprop_tui.model.own import with_formulas as with_formulas

__getattr__ = late(__name__, homes(__file__))
