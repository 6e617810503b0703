"""Networks written as forward formulas: files of examples, and random ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from backprop_tui.files.experiment_file import load, read_experiment
from backprop_tui.model.experiment import Experiment
from tests.networks import one_of

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))
ASKED = [name for name in NAMES if name != "gru"]
"""Those whose every number is asked for: what runs for the GRU's, which take longest, runs for
these."""


def unused(parameter: str) -> Experiment:
    """A recurrent network with a parameter that no line reads."""
    source = (FOLDER / "rnn.toml").read_text("utf-8")
    source = source.replace("[training]", f"{parameter} = [2, 2]\n[training]", 1)
    return read_experiment(source, "unused", "unused.toml")


def program_file(name: str) -> Experiment:
    """The experiment of one of the files."""
    return load(FOLDER / f"{name}.toml")


ELEMENTWISE = (
    "tanh({})",
    "sigmoid({})",
    "sin({})",
    "soft({})",
    "square({})",
    "exp(tanh({}))",
    "({})/(1 + ({})^2)",
    "where({} > 0.3, 2·({}), cos({}))",
)
"""Smooth functions of one matrix, and one with a kink where it is seldom met."""


NUMBERS: SearchStrategy[float] = st.integers(-20, 20).map(lambda n: n / 10)


@st.composite
def written_experiments(draw: DrawFn) -> Experiment:
    """Any experiment of 2 to 6 lines over matrices of 1 to 3 rows, with shared parameters, skips,
    sums, means, softmax and terms of parameters in J."""
    rows = st.integers(1, 3)
    m = draw(st.integers(1, 3))
    examples = draw(st.integers(m, 4))
    parameters: dict[str, tuple[int, int]] = {}
    values = {"X1": draw(rows), "X2": draw(rows)}
    lines = list[str]()

    def parameter(shape: tuple[int, int]) -> str:
        same = [name for name, other in parameters.items() if other == shape]
        if draw(st.booleans()) and same:
            return str(draw(one_of(tuple(same))))
        name = f"P{'abcdefghijklmnopqrstuvwxyz'[len(parameters)]}"
        parameters[name] = shape
        return name

    def of(n: int, depth: int) -> str:
        """A formula with n rows and a column for each example."""
        there = [name for name, own in values.items() if own == n]
        if depth == 0:
            if draw(st.booleans()) and there:
                return str(draw(one_of(tuple(there))))
            name = draw(one_of(tuple(sorted(values))))
            return f"{parameter((n, values[name]))}·{name}"
        kind = draw(one_of(("sum", "product", "function", "bias", "gather", "softmax")))
        inner: Callable[[], str] = lambda: of(n, depth - 1)  # noqa: E731
        match kind:
            case "sum":
                return f"({inner()} {draw(one_of('+−'))} {inner()})"
            case "product":
                return f"({inner()}) ∘ ({inner()})"
            case "function":
                pattern, one = draw(one_of(ELEMENTWISE)), inner()
                return str(pattern).replace("{}", one)
            case "bias":
                return f"({inner()} + {parameter((n, 1))})"
            case "softmax":
                return f"{draw(one_of(('softmax', 'softmax_rows')))}({inner()})"
            case _:
                sums = draw(one_of(("col_sums", "row_means", "mean", "col_means")))
                return f"({inner()} − {sums}({inner()})/4)"

    for number in range(1, draw(st.integers(2, 5)) + 1):
        n = draw(rows)
        lines.append(f'H{number} = "{of(n, draw(st.integers(1, 2)))}"')
        values[f"H{number}"] = n
    outputs = values[f"H{len(lines)}"]
    lines.append(f'L = "half_squared_error(H{len(lines)}, Y)"')
    if draw(st.booleans()) and parameters:
        mean = draw(one_of(("mean(L)", "total(L)", "sqrt(mean(L²) + 1)")))
        lines.append(f'J = "{mean} + 0.1·total({draw(one_of(tuple(sorted(parameters))))}²)"')

    def table(name: str, n: int) -> str:
        row = st.lists(NUMBERS, min_size=n, max_size=n)
        return f"{name} = {draw(st.lists(row, min_size=examples, max_size=examples))}"

    if not parameters:
        parameters["Pz"] = (1, 1)
    text = "\n".join(
        (
            "[parameters]",
            *(f"{name} = {list(shape)}" for name, shape in parameters.items()),
            "[training]",
            f"batch = {m}",
            "learning_rate = 0.1",
            "[functions]",
            'soft = "z·σ(z)"',
            "[data]",
            *(table(name, n) for name, n in (*list(values.items())[:2], ("Y", outputs))),
            "[initial]",
            f"seed = {draw(st.integers(0, 99))}",
            "[forward]",
            *lines,
        )
    )
    return read_experiment(text, "random", "random.toml")
