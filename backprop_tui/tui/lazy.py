"""What the screen imports when it is first shown: the first frame waits for none of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop_tui import homes, late
from backprop_tui.session import lazy

if TYPE_CHECKING:
    from backprop_tui.run.plane import input_of as input_of
    from backprop_tui.run.sweep import sweep as sweep
    from backprop_tui.tui.driver import TerminalDriver as TerminalDriver
    from backprop_tui.tui.paint.below_lines import written_name as written_name
    from backprop_tui.tui.paint.blackboard import counted as counted
    from backprop_tui.tui.paint.blackboard import heading as heading
    from backprop_tui.tui.paint.blackboard import paint_blackboard as paint_blackboard
    from backprop_tui.tui.paint.iteration import paint_iteration as paint_iteration
    from backprop_tui.tui.paint.plane import key_of_points as key_of_points
    from backprop_tui.tui.paint.plane import paint_plane as paint_plane
    from backprop_tui.tui.paint.plane import plane_beside as plane_beside
    from backprop_tui.tui.paint.plot import loss_of_parameter as loss_of_parameter
    from backprop_tui.tui.paint.plot import losses_so_far as losses_so_far
    from backprop_tui.tui.panels.mistaken import computed_and_correct as computed_and_correct
    from backprop_tui.tui.panels.mistaken import mistaken_lines as mistaken_lines
    from backprop_tui.tui.panels.question import question_lines as question_lines
    from backprop_tui.tui.sheets.curve import curve_canvas as curve_canvas
    from backprop_tui.tui.sheets.guide import guide_text as guide_text
    from backprop_tui.tui.sheets.texts import check_text as check_text
    from backprop_tui.tui.sheets.texts import code_text as code_text
    from backprop_tui.tui.sheets.texts import help_text as help_text
    from backprop_tui.tui.terminals import SixteenColours as SixteenColours
    from backprop_tui.tui.terminals import Spelled as Spelled

HOMES = homes(__file__)
PIECES = "linkify_it mdurl markdown_it pygments.lexers rich.syntax".split()
"""What a page of the guide takes from other packages: none of it is long."""
TERMINALS = "backprop_tui.tui.terminals".count(".")

__getattr__ = late(__name__, HOMES)


def modules() -> list[str]:
    """What a key may import; not what suits a terminal, which is imported at the start or never."""
    drawn = (home for home in HOMES if home.count(".") > TERMINALS)
    asked = [f"{home}.{name}" for home, names in lazy.HOMES.items() for name in names.split()]
    return [*asked[::-1], *PIECES, *drawn]  # this way round, none of them takes long
