"""The NumPy script: a line for each step, as it is computed; it prints the same numbers to the bit.

A step that only calls a function calls it by name; those functions are defined at the top.
"""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator

from backprop_tui.exports.formats import Wanted
from backprop_tui.exports.scripts.lines import (
    LONGEST_LINE,
    batch,
    constants,
    counter,
    data,
    edits,
    heading,
    initial_values,
    phases,
)
from backprop_tui.learn.mistakes import slips_of
from backprop_tui.maths.expressions import Call, Name, calls, loss_term, walk
from backprop_tui.maths.functions import DEFINITIONS, FUNCTIONS, PRIMITIVES
from backprop_tui.maths.values import CONVENTIONS
from backprop_tui.maths.writing import numpy_source
from backprop_tui.model.architecture import Step
from backprop_tui.model.program import Program
from backprop_tui.run.many import is_contiguous, shared_parts
from backprop_tui.run.timeline import Timeline


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the script, line by line."""
    return (f"{line}\n" for line in _lines(timeline, wanted.iterations))


def _lines(timeline: Timeline, iterations: int) -> Iterator[str]:
    program = timeline.program
    needs = "It needs NumPy alone, and prints the same numbers."
    yield from heading(timeline, "numpy", iterations, needs)
    yield "import numpy as np"
    yield ""
    yield f"ITERATIONS = {iterations}"
    yield "EVERY_NUMBER = True  # False: only the loss of each iteration"
    yield ""
    yield from data(timeline, "np.array({})")
    yield from initial_values(timeline, "np.array({})", "np.zeros({})")
    yield from constants(timeline)
    yield ""
    yield from _definitions(program)
    yield ""
    yield 'np.seterr(all="ignore")  # infinities are numbers too'
    t = counter(timeline)
    yield f"for {t} in range(1, ITERATIONS + 1):"
    yield from edits(timeline)
    take = "(columns, axis=1)" if program.axis else "(rows, axis=0)"
    yield from batch(timeline, f"data_{{0}}.take{take}")
    yield from phases(_commented(program))
    yield ""
    loss = program.objective
    if loss in program.positions:
        yield f'    print(f"iteration {{{t}}}: {loss} = {{{loss}.item()!r}}")'
    yield "    if EVERY_NUMBER:"
    yield from _loop_over([step.symbol for step in program.steps])
    yield '            print(f"{symbol} = {globals()[symbol].tolist()}")'
    parameters = ", ".join(program.parameters)
    yield f"    if not all(np.isfinite(p).all() for p in [{parameters}]):"
    yield '        print("the run diverged")'
    yield "        break"


def _commented(program: Program) -> Iterator[tuple[str, str]]:
    """The phase and the line of each step, below a comment where the run's mistake is made."""
    slips = {slip.step.symbol: slip.of_run for slip in slips_of(program)}
    for step in program.steps:
        if slip := slips.get(step.symbol):
            yield step.phase, f"# {slip}"
        yield step.phase, _assignment(program, step)


def _is_call(step: Step) -> bool:
    """Whether a step only calls an activation, and nothing inside does; linear is not called."""
    called = [call.function for call in calls(step.expression) if call.function not in PRIMITIVES]
    return (
        isinstance(step.expression, Call)
        and step.expression.function in FUNCTIONS
        and called == [step.expression.function] != ["linear"]
    )


def _assignment(program: Program, step: Step) -> str:
    """The line of a step: a call where it only calls a function, else as it is computed."""
    computed = e = program.lowered_of(step)
    if _is_call(step) and not isinstance(e, Name):
        e = step.expression
    source = numpy_source(e)
    if not is_contiguous(computed):
        source = f"np.ascontiguousarray({source})"
    return f"{step.symbol} = {source}"


def _loop_over(symbols: list[str]) -> Iterator[str]:
    """The head of the loop over all symbols, on several lines where it is long."""
    line, indent = f'for symbol in "{" ".join(symbols)}".split():', " " * 12
    if len(line) <= LONGEST_LINE - 8:
        yield f"        {line}"
        return
    yield '        for symbol in """'
    yield from textwrap.wrap(
        " ".join(symbols), LONGEST_LINE + 1, initial_indent=indent, subsequent_indent=indent
    )
    yield '        """.split():'


def _definitions(program: Program) -> Iterator[str]:
    """The functions that the lines call, each defined once."""
    called = dict.fromkeys(
        step.expression.function
        for step in program.steps
        if isinstance(step.expression, Call) and _is_call(step)
    )
    for function in called:
        yield from _definition(function)
    terms = {type(part) for e in program.lowered for part in walk(e) if loss_term(part)}
    for kind, convention in CONVENTIONS.items():
        if kind in terms:
            source = inspect.getsource(convention)
            yield f"\n{source.replace(': Any', '').replace(' -> Any', '')}"


def _definition(function: str) -> Iterator[str]:
    """A function in Python; a part that its definition has twice is computed once."""
    e = DEFINITIONS[function]
    shared = shared_parts(e)
    yield f"\ndef {function}(z):"
    for part, name in shared.items():
        yield f"    {name} = {numpy_source(part)}"
    yield f"    return {numpy_source(e, shared.get)}\n"
