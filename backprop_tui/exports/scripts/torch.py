"""The PyTorch script: the network with autograd, whose gradients must be those of the run.

Forward and loss are written from the steps, backward is PyTorch's own. The gradients of the run
stand in the script as numbers, and it stops where one differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import numpy as np

from backprop_tui.exports.figures import iterations
from backprop_tui.exports.formats import ExportError, Wanted
from backprop_tui.exports.scripts.lines import (
    batch,
    constants,
    counter,
    data,
    edits,
    heading,
    initial_values,
    literal,
    one_batch,
    phases,
)
from backprop_tui.learn.formulas import judge
from backprop_tui.maths.expressions import SCALARS, names
from backprop_tui.maths.functions import Array
from backprop_tui.maths.values import all_rounded
from backprop_tui.maths.writing import text, torch_source
from backprop_tui.model.architecture import Step
from backprop_tui.model.layers import LOSS
from backprop_tui.model.program import Program
from backprop_tui.run.many import several
from backprop_tui.run.timeline import Timeline

XLOG = '''
def xlog(x, a):
    """x·log(a), with 0·log 0 = 0, and 0 for its derivative there."""
    return x * torch.log(torch.where((x == 0) & (a == 0), 1.0, a))
'''
RATIO = '''
def ratio(x, a):
    """x/a, with 0/0 = 0, and 0 for its derivative there."""
    return x / torch.where((x == 0) & (a == 0), torch.inf, a)
'''
LARGER = '''
def larger(x, y):
    """The larger number; of equal ones the first has the gradient, in any release of PyTorch."""
    return torch.where((x >= y) | torch.isnan(x), x, y)
'''
AGREE = '''
def agree(symbol, found, ours):
    """Stop where PyTorch's numbers are not ours; those that are not finite are left out."""
    ours = tensor(ours)
    told = torch.isfinite(found) & torch.isfinite(ours)
    apart = ((found - ours).abs() / ours.abs().clamp(min=1))[told]
    worst = apart.max().item() if len(apart) else 0.0
    assert worst <= CLOSE, f"{symbol} differs by {worst:.1e}: {found.tolist()}, not {ours.tolist()}"
    print(f"  {symbol:<6} agrees, difference {worst:.0e}, {len(apart)} of {ours.numel()} numbers")
'''
CLOSE = 1e-9
"""How far apart two numbers may be, relative to their size."""


def texts(timeline: Timeline, wanted: Wanted) -> Iterator[str]:
    """The text of the script, line by line. Raises ExportError for a run whose gradients are wrong
    on purpose."""
    experiment = timeline.experiment
    own = "autograd finds the correct gradients, not these; --as numpy writes the run as it is"
    if experiment.mistake is not None:
        raise ExportError(
            f"a run with the mistake {experiment.mistake.name} cannot be exported as torch: {own}"
        )
    gradients = experiment.formulas.keys() & set(timeline.program.gradients)
    for symbol in sorted(gradients):
        if not judge(experiment, symbol, text(experiment.formulas[symbol])).accepted:
            raise ExportError(
                f"a run whose own formula for {symbol} is wrong cannot be exported as torch: {own}"
            )
    if timeline.program.loss not in timeline.program.positions:
        raise ExportError(
            "a run without a loss cannot be exported as torch: autograd needs one; --as numpy "
            "writes the run as it is"
        )
    if slopes := [s for s in timeline.program.cached if s in timeline.program.of_kind("gradient")]:
        raise ExportError(
            f"a run with a given gradient ({', '.join(sorted(slopes))}) cannot be exported as "
            f"torch: {own}"
        )
    found = {step.role.of for step in _checked(timeline.program)}
    updated = [s for s in timeline.program.parameters if timeline.program.gradient_of(s)]
    if cut := [symbol for symbol in updated if symbol not in found]:
        raise ExportError(
            f"a run with given values between {', '.join(cut)} and the loss cannot be exported as "
            "torch: autograd finds no gradient there; --as numpy writes the run as it is"
        )
    return (f"{line}\n" for line in _lines(timeline, wanted.iterations))


def _lines(timeline: Timeline, number: int) -> Iterator[str]:
    program = timeline.program
    t = counter(timeline)
    functions = [
        f"\ndef {name}(z):\n    return {torch_source(function.definition)}\n"
        for name, function in program.functions.items()
    ]
    loop = list(_iteration(program, t))
    called = set(re.findall(r"\w+(?=\()", "\n".join((*functions, *loop))))
    needs = "It needs PyTorch, whose autograd must find the gradients that are written here."
    yield from heading(timeline, "torch", number, needs)
    if not one_batch(timeline.experiment):
        yield "import numpy as np"
    yield "import torch"
    yield ""
    yield f"CLOSE = {CLOSE}  # the largest difference of two numbers, relative to their size"
    yield ""
    yield "\ndef tensor(rows):\n    return torch.tensor(rows, dtype=torch.float64)\n"
    yield AGREE
    defined = ("xlog", XLOG), ("ratio", RATIO), ("larger", LARGER)
    yield from (source for name, source in defined if name in called)
    yield from functions
    yield ""
    yield from data(timeline, "tensor({})")
    yield from initial_values(timeline, "tensor({})", "torch.zeros({}, dtype=torch.float64)")
    if not program.axis:
        yield "# torch.nn.Linear computes X @ W.T + b: its weight is W1.T, outputs × inputs"
    yield from constants(timeline)
    yield ""
    yield from _expected(timeline, number)
    yield ""
    yield f"for {t}, ours in enumerate(OURS, 1):"
    yield from edits(timeline, "with torch.no_grad()")
    yield from batch(timeline, "data_{0}[:, columns]" if program.axis else "data_{0}[rows]")
    yield from loop


def _iteration(program: Program, t: str) -> Iterator[str]:
    """The lines of the loop: forward, autograd's gradients, the comparison and the update."""
    begin, end = program.phase_bounds("update")
    inputs = (s for s in program.of_kind("input") if program.gradient_of(s))
    yield f"    for parameter in [{', '.join((*program.parameters, *inputs))}]:"
    yield "        parameter.requires_grad_()"
    yield from phases(_forward(program))
    joint = program.architecture.joint
    each = "gradients of parameters are of the whole loss, others of all L added up"
    yield f"    # backward: {'all gradients are of J' if joint else each}"
    values, of_parameters = dict[str, str](), dict[str, str]()
    for step in _checked(program):
        if of := step.role.of:
            (of_parameters if of in program.parameters else values)[step.symbol] = of
    if values:
        loss = program.objective if joint else f"{LOSS}.sum()"
        yield _autograd(values, loss, ", retain_graph=True")
    if of_parameters:
        yield _autograd(of_parameters, program.objective)
    yield ""
    yield f'    print(f"iteration {{{t}}}: {program.objective} = {{{program.objective}.item()}}")'
    yield "    for symbol in ours:"
    yield "        agree(symbol, globals()[symbol], ours[symbol])"
    yield ""
    yield "    # update"
    yield "    with torch.no_grad():"
    for step, e in zip(program.steps[begin:end], program.lowered[begin:end], strict=True):
        yield f"        {step.symbol} = {torch_source(e)}"
    if begin == end:
        yield "        pass  # every parameter is frozen"


def _forward(program: Program) -> Iterator[tuple[str, str]]:
    """The phase and the line of each forward and loss step; a given value stands in place of its
    line, and gradients go through that all the same."""
    for step in program.forward:
        source = torch_source(step.expression)
        if step.symbol in program.positions:
            yield step.phase, f"{step.symbol} = {source}"
        elif step.symbol in program.cached:
            line = f"{step.symbol} = {step.symbol} + ({source}) - ({source}).detach()  # given"
            whole = _has_all(program, step)
            yield step.phase, line if whole else f"{step.symbol}.requires_grad_()  # given"


def _has_all(program: Program, step: Step) -> bool:
    """Whether there is all that a step reads: beside given values, not all is computed."""
    return program.roles.keys() | SCALARS >= {*names(step.expression)}


def _checked(program: Program) -> list[Step]:
    """The steps of the gradients that autograd finds: of what leads to the loss."""
    leads = {program.objective}
    for step in reversed(program.forward):
        if step.symbol in leads and _has_all(program, step):
            leads.update(names(step.expression))
    return [s for s in program.steps if s.role.kind == "gradient" and s.role.of in leads]


def _autograd(gradients: Mapping[str, str], loss: str, more: str = "") -> str:
    """The line that computes gradients of `loss`, given with what they are the gradients of."""
    of = ", ".join(gradients.values())
    return f"    {several(tuple(gradients))} = torch.autograd.grad({loss}, [{of}]{more})"


def _expected(timeline: Timeline, number: int) -> Iterator[str]:
    """The loss and the gradients of each iteration, with all their digits. NaN stands for those of
    which rounding, which is not the same in PyTorch, may leave too few."""
    program, errors = timeline.program, dict[str, Array]()
    symbols = (program.objective, *(step.symbol for step in _checked(program)))
    yield 'nan, inf = float("nan"), float("inf")  # nan also where rounding alone may exceed CLOSE'
    yield "OURS = ["
    for iteration in iterations(timeline, number):
        env = {**iteration.given, **iteration.scalars}
        exact = {symbol: np.zeros(matrix.shape) for symbol, matrix in iteration.given.items()}
        errors = exact | {symbol: errors[symbol] for symbol in program.kept if symbol in errors}
        errors = all_rounded(zip(program.positions, program.lowered, strict=True), env, errors)
        yield "    {"
        for symbol in symbols:
            value = iteration.results[program.index(symbol)]
            told = 4 * errors[symbol] <= CLOSE * np.maximum(np.abs(value), 1)
            rows = literal(np.where(told, value, np.nan)).replace("\n", "\n        ")
            yield f'        "{symbol}": {rows},'
        yield "    },"
    yield "]"
