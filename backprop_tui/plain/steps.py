"""What is said of a position: its step, its matrix, why it is so, and the lesson's notes."""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.explain.reasons import reason
from backprop_tui.exports.figures import heading
from backprop_tui.maths.words import sentence, spoken
from backprop_tui.model.classes import correct, prediction
from backprop_tui.model.network import Network
from backprop_tui.plain import explaining
from backprop_tui.plain.explaining import arithmetic
from backprop_tui.plain.telling import WORDS, formulas, matrix
from backprop_tui.session.view import View

MOST_UNASKED = 24
"""Numbers of a matrix that are read without being asked for."""
MOST_PREDICTED = 10
"""Examples of a batch whose predictions are said one by one."""


def spot(view: View) -> str:
    """Step 8 of 17, backward, layer 2, iteration 1."""
    state, step = view.state, view.step
    if step is None:
        return f"Start of iteration {view.iteration:,}: nothing is computed yet."
    layer = f", {spoken(view.program.groups[step.group])}" if step.group else ""
    steps = len(state.program.steps)
    return f"Step {state.number} of {steps}, {step.phase}{layer}, iteration {view.iteration:,}."


def beginning(view: View) -> Iterator[str]:
    """Before the first step: what this experiment is."""
    yield from about(view)
    yield from mistake(view)
    yield spot(view)


def about(view: View) -> Iterator[str]:
    """What this experiment is."""
    experiment = view.state.experiment
    yield spoken(f"{experiment.name}: {experiment.title.rstrip('.')}.")
    if experiment.about:
        yield spoken(experiment.about)
    if isinstance(experiment.network, Network):
        layers = ", ".join(map(str, experiment.network.layers))
        yield f"Neurons of each layer, the inputs first: {layers}."
    yield from map(spoken, view.given_words)
    yield from map(sentence, view.program.architecture.warnings)


def mistake(view: View) -> Iterator[str]:
    """That the run is made with a mistake, as long as it is."""
    if (made := view.state.experiment.mistake) is not None:
        idle = view.without_effect
        yield spoken(f"Mistake: {made.name}{f', which {idle}' if idle else ''}.")


def arrival(view: View, spelling: str = WORDS) -> Iterator[str]:
    """The step that was just done, or the element of one that was just shown."""
    step, position = view.step, view.state.position
    assert step is not None
    yield spot(view)
    several = view.state.experiment.data.examples > 1
    if several and position.steps == 1 and not position.elements:
        yield spoken(f"{heading(view.state.timeline, view.state.iteration)}.")
    yield from mistake(view)
    if position.elements <= 1:  # once, not at every element; so are the notes
        yield from formulas(step, spelling)
    if position.elements:
        last = position.elements
        yield f"Element {last} of {view.state.result(step.symbol).size}."
        if view.explanation is not None:
            yield from arithmetic(view.explanation, spelling)
    else:
        yield from matrix(view, step.symbol, MOST_UNASKED)
        yield from predictions(view)
        if view.is_as_taught:
            yield spoken(reason(step, view.program))
    yield from explaining.mistake(view)
    if position.elements <= 1:
        yield from notes(view)
    yield from stuck(view)
    yield from ended(view)


def predictions(view: View) -> Iterator[str]:
    """Where targets are classes: what the network takes each example of the batch for."""
    state, data, names = view.state, view.state.experiment.data, view.class_names
    outputs, target = state.program.output, state.program.architecture.predicted
    A = state.value(outputs)
    if view.step is None or view.step.symbol != outputs or A is None:
        return
    if names is None or target is None:
        return
    A, Y = data.columns(A), data.columns(state.before(target))
    shown = min(state.examples, MOST_PREDICTED)
    for k in range(shown if data.examples > 1 else 0):
        found, example = prediction(names, A, Y, k), state.iteration.examples[k] + 1
        verdict = "correct" if found.right else "not correct"
        yield f"Example {example}: predicted {found.predicted}, target {found.target}, {verdict}."
    if state.examples > 1:
        yield f"{int(correct(A, Y).sum())} of {state.examples} are correct."


def notes(view: View, lines: tuple[str, ...] | None = None) -> Iterator[str]:
    """The lines of the lesson's notes at this step, or those that were just revealed."""
    yield from (sentence(f"Note: {line}") for line in (view.notes if lines is None else lines))
    if view.notes and view.lines_left > 0:
        yield "The note goes on: next tells more."


def stuck(view: View) -> Iterator[str]:
    """Why training is stuck, where an epoch ends that shows it."""
    if said := view.advice:
        yield sentence(said)


def ended(view: View) -> Iterator[str]:
    """That the run has diverged, where it has."""
    state = view.state
    if state.iteration.diverged and state.position.steps == len(state.program.steps):
        yield (
            f"{state.iteration.diverged} is no longer finite: the run has diverged in iteration "
            f"{view.iteration:,} and ends here; back goes back."
        )
