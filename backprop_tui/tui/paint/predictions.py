"""What the screen says of classes: the shown example's, the predicted one, how many are correct.

It says so only where there are several examples whose targets are classes.
"""

from __future__ import annotations

from backprop_tui.maths.functions import Array
from backprop_tui.model.classes import Prediction, correct, prediction
from backprop_tui.session.view import View
from backprop_tui.tui.paint.canvas import shortened


def class_names(view: View) -> tuple[str, ...] | None:
    """Return the names of the classes; None where the targets are not classes or are numbers."""
    data = view.state.experiment.data
    if data.examples == 1 or view.class_names is None:
        return None
    named = data.classes or data.output_names or len(targets(view)) == 1
    return view.class_names if named else None


def outputs(view: View) -> Array | None:
    """Return the predictions for the shown batch, a column each; None until all are computed."""
    symbol = view.program.output
    A = view.value(symbol) if view.state.done(symbol) else None
    return None if A is None else view.state.experiment.data.columns(A)


def targets(view: View) -> Array:
    """Return the targets of the shown batch that are predicted, a column each."""
    symbol = view.program.architecture.predicted or ""
    return view.state.experiment.data.columns(view.state.before(symbol))


def target_class(view: View) -> str | None:
    """Return the name of the shown example's class; None where there are no classes."""
    if (names := class_names(view)) is None:
        return None
    Y = targets(view)
    return prediction(names, Y, Y, view.column).target


def predicted(view: View) -> Prediction | None:
    """Return the prediction for the shown example; None until it is computed."""
    names, A = class_names(view), outputs(view)
    if names is None or A is None:
        return None
    return prediction(names, A, targets(view), view.column)


def right_of_batch(view: View) -> tuple[int, int] | None:
    """Return how many examples of the shown batch are predicted correctly, and of how many."""
    A = outputs(view)
    if A is None or view.state.examples == 1 or view.class_names is None:
        return None
    return int(correct(A, targets(view)).sum()), A.shape[1]


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
