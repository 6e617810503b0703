"""What the screen says of classes: the shown example's, what is predicted, how many are right.

Only where there are several examples whose targets are classes; words only where these have names.
"""

from __future__ import annotations

from backprop_tui.maths.functions import Array
from backprop_tui.model.classes import Prediction, correct, prediction
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import shortened


def class_names(view: View) -> tuple[str, ...] | None:
    """The classes in words; None where the targets are no classes, or are shown as numbers."""
    data = view.state.experiment.data
    named = data.classes or data.output_names or len(data.Y) == 1
    return data.class_names if named and data.examples > 1 else None


def outputs(view: View) -> Array | None:
    """A[L] of the shown batch, once it is whole."""
    symbol = f"A{len(view.layers) - 1}"
    return view.value(symbol) if view.state.done(symbol) else None


def target_class(view: View) -> str | None:
    """The class of the shown example, by its name."""
    names, Y = class_names(view), view.state.before("Y")
    return None if names is None else prediction(names, Y, Y, view.column).target


def predicted(view: View) -> Prediction | None:
    """What the network takes the shown example for."""
    names, A = class_names(view), outputs(view)
    if names is None or A is None:
        return None
    return prediction(names, A, view.state.before("Y"), view.column)


def right_of_batch(view: View) -> tuple[int, int] | None:
    """How many examples of the shown batch are predicted right, of how many."""
    data, A = view.state.experiment.data, outputs(view)
    if A is None or A.shape[1] == 1 or data.class_names is None:
        return None
    return int(correct(A, view.state.before("Y")).sum()), A.shape[1]


def beside_target(view: View, width: int) -> str | None:
    """`y versicolor ŷ setosa ✗` in so many columns, the longer name shortened where it must be."""
    target, found = target_class(view), predicted(view)
    if target is None:
        return None
    if found is None:
        return f"y {shortened(target, width - 2)}"
    said = found.predicted
    sign, room = "✓" if found.right else "✗", width - len("y  ŷ  ✗")
    longest = max(room // 2, room - min(len(target), len(said)))
    return f"y {shortened(target, longest)} ŷ {shortened(said, longest)} {sign}"
