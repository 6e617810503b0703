"""The NumPy export: a script about as long as the algorithm, which prints the run's numbers.

One line for each step, as it is computed; a step that only calls a function calls it, and the
functions that are called are defined on top. It knows no formula: lines and definitions are read
off the same expressions as everything else.
"""

from __future__ import annotations

from collections.abc import Iterator

from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.scripts import (
    LONGEST_LINE,
    batch,
    beginning,
    constants,
    data,
    edited,
    heading,
    loss_terms,
    phases,
    untyped,
)
from backprop_tui.exports.slips import mistaken
from backprop_tui.maths.expressions import Call, Div, Mul, Name
from backprop_tui.maths.functions import ACTIVATIONS, DEFINITIONS
from backprop_tui.maths.values import ratio, xlog
from backprop_tui.maths.writing import numpy_source
from backprop_tui.model.program import Program, Step
from backprop_tui.run.many import is_contiguous, shared_parts
from backprop_tui.run.timeline import Timeline


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The script, line by line."""
    return (f"{line}\n" for line in _lines(timeline, wanted.iterations))


def _lines(timeline: Timeline, iterations: int) -> Iterator[str]:
    experiment, program = timeline.experiment, timeline.program
    needs = "It needs NumPy alone, and prints the same numbers."
    yield from heading(timeline, "numpy", iterations, needs)
    yield "import numpy as np"
    yield ""
    yield f"ITERATIONS = {iterations}"
    yield "EVERY_NUMBER = True  # False: only the loss of each iteration"
    yield ""
    yield from data(experiment, "np.array({})")
    yield from beginning(timeline, "np.array({})", "np.zeros({})")
    yield from constants(timeline)
    yield ""
    yield from definitions(program)
    yield ""
    yield 'np.seterr(all="ignore")  # infinities are numbers too'
    yield "for t in range(1, ITERATIONS + 1):"
    yield from edited(experiment)
    yield from batch(timeline, "data_{0}.take(columns, axis=1)")
    yield from phases(_commented(timeline))
    yield ""
    loss = program.objective
    yield f'    print(f"iteration {{t}}: {loss} = {{{loss}.item()!r}}")'
    yield "    if EVERY_NUMBER:"
    symbols = " ".join(step.symbol for step in program.steps)
    yield from _wrapped(f'for symbol in "{symbols}".split():', symbols)
    yield '            print(f"{symbol} = {globals()[symbol].tolist()}")'
    parameters = ", ".join(program.parameters)
    yield f"    if not all(np.isfinite(p).all() for p in ({parameters})):"
    yield '        print("the run diverged")'
    yield "        break"


def _commented(timeline: Timeline) -> Iterator[tuple[str, str]]:
    """Each step's phase and line; above a line in which the run's mistake is made, what it is."""
    program, slips = timeline.program, mistaken(timeline)
    for step in program.steps:
        if slip := slips.get(step.symbol):
            yield step.phase, f"# the mistake: {slip}"
        yield step.phase, line(program, step)


def _wrapped(line: str, symbols: str) -> Iterator[str]:
    """The loop over all symbols, in several lines where it is long."""
    if len(line) <= LONGEST_LINE - 8:
        yield f"        {line}"
        return
    yield '        for symbol in """'
    row = "           "
    for symbol in symbols.split():
        if len(row) + len(symbol) > LONGEST_LINE:
            yield row
            row = "           "
        row += f" {symbol}"
    yield row
    yield '        """.split():'


def line(program: Program, step: Step) -> str:
    """The assignment of a step: a call where it only calls a function, else as it is computed."""
    e = program.lowered_of(step)
    if isinstance(step.expression, Call) and not isinstance(e, Name):
        e = step.expression if step.expression.function in ACTIVATIONS else e
    written = numpy_source(e)
    if not is_contiguous(program.lowered_of(step)):
        written = f"np.ascontiguousarray({written})"
    return f"{step.symbol} = {written}"


def defined(function: str) -> Iterator[str]:
    """A function as Python has it, from its definition; what that has twice is computed once."""
    e = DEFINITIONS[function]
    shared = shared_parts(e)
    yield f"\ndef {function}(z):"
    for part, name in shared.items():
        yield f"    {name} = {numpy_source(part)}"
    yield f"    return {numpy_source(e, shared.get)}\n"


def definitions(program: Program) -> Iterator[str]:
    """The functions that the lines call, each defined once."""
    called = dict.fromkeys(
        step.expression.function
        for step in program.steps
        if isinstance(step.expression, Call) and step.expression.function in ACTIVATIONS
    )
    for function in called:
        if not isinstance(DEFINITIONS[function], Name):
            yield from defined(function)
    terms = list(loss_terms(program.lowered))
    for kind, convention in ((Mul, xlog), (Div, ratio)):
        if any(isinstance(term, kind) for term in terms):
            yield f"\n{untyped(convention)}"
