"""What holds whatever is typed: nothing raises, every number said is the recorded one, and of the
signs of mathematics none is left outside of the formulas as text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite, isnan

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from backprop_tui import lessons
from backprop_tui.learn.by_hand import unit_of
from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.words import cell_in_words
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.history import History
from backprop_tui.run.timeline import Position
from backprop_tui.session.commands import BY_LETTER, BY_WORDS
from backprop_tui.session.looking import cell_of
from tests.networks import experiments
from tests.plain.session import Typed

FILES = {"save", "open"}
WORDS = st.sampled_from(sorted({*BY_WORDS, *BY_LETTER, *"1234", ""} - FILES - {"w", "o"}))
ARGUMENTS = st.one_of(
    st.sampled_from(
        (
            *("", "1", "2", "9", "+3", "end", "epoch 2", "step 3", "row 1", "loss < 0.5", "X > Y"),
            *("W1", "dW1[1,1]", "A1 row 1", "X[1,1] 0.5", "W1[1,1] = −1/3", "alpha 0.2", "b1 2 2"),
            *("vote", "type", "off", "lesson", "none", "sign-flipped", "updated-weights", "taught"),
            *("words", "text", "both", "all", "W1[9,9]", "banana", "loss is less than 0.5"),
            *("dZ1 @ X.T", "A1 - Y", "W1", "dW1 / m", "next", "zzz", "row column", "[,]"),
            *("dZ2[1,1]", "0,5"),
        )
    ),
    st.text(max_size=8),
)
LINES = st.one_of(
    st.builds(lambda word, rest: f"{word} {rest}", WORDS, ARGUMENTS),
    WORDS,
    st.sampled_from(("phase", "next", "next", "into", "hint", "show", "0.5", "plus", "4")),
    st.text(st.characters(exclude_characters="0123456789"), max_size=12).filter(
        lambda line: line.split()[:1] not in ([name] for name in ("save", "open", "w", "o"))
    ),
)
SAID = re.compile(r"(?i)column (\d+), (.+?)(?:, wrong)?(?=;|\.$)")
SIGNS = set("−×·∘ᵀ½Σσα∞∂±=≠≤≥←→✓✗′…")


@pytest.fixture(autouse=True, scope="module")
def short_searches() -> Iterator[None]:
    """A condition that never holds is given up at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "most", 20)
        yield


def read(said: str) -> float:
    """The number that a listener hears."""
    written = said.replace("minus ", "-").replace(" e ", "e").replace("infinity", "inf")
    return float(written.replace("not a number", "nan"))


@example("article", ["derive off"], "off")
@given(
    st.one_of(experiments(), st.sampled_from(lessons.NAMES)),
    st.lists(LINES, max_size=12),
    st.sampled_from(("off", "lesson", "vote", "type")),
)
def test_no_line_raises_and_every_one_is_answered(
    experiment: Experiment | str, lines: list[str], ask: str
) -> None:
    typed = Typed(experiment, ask)
    for line in lines:
        told = typed(line)
        assert told or typed.session.ended
        assert all(line == " ".join(line.split()) for line in told)


@given(experiments(), st.data())
def test_every_number_of_a_matrix_is_the_recorded_one(
    experiment: Experiment, data: DataObject
) -> None:
    decimals = data.draw(st.integers(0, 12), "decimals")
    typed = Typed(experiment, decimals=decimals)
    steps = data.draw(st.integers(0, len(typed.session.timeline.program.steps)), "steps")
    typed.session.go(Position(1, steps))
    state = typed.session.view.state
    for symbol in state.shapes:
        value, told = state.value(symbol), typed(f"show {symbol}")
        if value is None:
            assert told[1].startswith(f"{symbol} is not computed yet")
            continue
        for i, row in enumerate(read_aloud(told, symbol, value.shape)):
            for j, figure in enumerate(row):
                assert_is(figure, float(value[i, j]))


def read_aloud(told: list[str], symbol: str, shape: tuple[int, ...]) -> list[list[str]]:
    """The numbers of a matrix, row by row, as they are said; every one in its place."""
    rows, columns = shape
    if shape == (1, 1):
        return [[told[0].removeprefix(f"{symbol} is ").removesuffix(".")]]
    lines = [line for line in told if re.match("Row|Column", line)]
    assert len(lines) == rows
    if rows > 1:
        assert [line.partition(": ")[0] for line in lines] == [f"Row {i + 1}" for i in range(rows)]
        lines = [line.partition(": ")[2] for line in lines]
    if columns == 1:
        return [[line.removesuffix(".")] for line in lines]
    said = [SAID.findall(line) for line in lines]
    assert all([int(j) for j, _ in row] == list(range(1, columns + 1)) for row in said)
    return [[figure for _, figure in row] for row in said]


@given(experiments(), st.data())
def test_a_number_that_is_explained_is_the_recorded_one(
    experiment: Experiment, data: DataObject
) -> None:
    typed = Typed(experiment)
    program = typed.session.timeline.program
    at = data.draw(st.integers(1, len(program.steps)), "step")
    typed.session.go(Position(1, at))
    symbol = program.steps[at - 1].symbol
    value = typed.session.view.state.value(symbol)
    assert value is not None
    i, j = (data.draw(st.integers(1, n)) for n in value.shape)
    told = typed(f"why {symbol}[{i},{j}]")
    (said,) = (line for line in told if line.startswith("It is ") and "wrong" not in line)
    figure = said.removeprefix("It is ").removesuffix(".").partition(", from")[0]
    assert_is(figure, float(value[i - 1, j - 1]))


def assert_is(said: str, recorded: float) -> None:
    """What is said is the number, rounded to the decimals that are said."""
    heard = read(said)
    if not isfinite(recorded):
        assert heard == recorded or (isnan(heard) and isnan(recorded))
        return
    digits = said.replace("minus ", "-").replace(" e ", "e")
    bits = np.spacing(abs(recorded))  # what is read is a float again
    assert abs(heard - recorded) <= unit_of(digits, 0) * 0.5 * (1 + 1e-6) + bits


@given(experiments(), st.data())
def test_a_cell_is_read_as_it_is_said(experiment: Experiment, data: DataObject) -> None:
    session = Typed(experiment).session
    symbol = data.draw(st.sampled_from(sorted(session.view.state.shapes)))
    rows, columns = session.view.state.shapes[symbol]
    cell = Cell(symbol, data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns)))
    assert cell_of(session, cell_in_words(cell)) == cell


REFUSED = (
    *("goto banana", "goto 0", "goto step 99", "goto epoch 0", "goto W1 @", "goto loss", "goto"),
    *(
        "write foo",
        "write W1 @",
        "write dZ2",
        "edit",
        "edit W1[1,1] x",
        "edit W1[9,9] 1",
        "edit W1 1",
    ),
    *("edit dW1[1,1] 1", "edit Q[1,1] 1", "show Q", "show W1 row 9", "why A1[9,9]", "chain W1"),
    *("chain dW1", "ask often", "mistake nonsense", "decimals 99", "example 9", "formulas loud"),
    *("open nix", "save x.pdf", "save /nowhere/x.toml", "save", "recover", "undo", "redo", "hint"),
    *("0.5", "bigger", "zzz", "v", "help zzz", "write taught"),
)


@pytest.mark.parametrize("line", REFUSED)
def test_a_refusal_is_a_sentence(line: str) -> None:
    for said in Typed("article", decimals=3)("next", line):
        assert re.match(r"[A-Z][a-z]*[ ,:.]|d?[WbZA]\d |L ", said), said
        assert said.endswith((".", "?"))


@pytest.mark.parametrize("ask", ["lesson", "vote", "type"])
@pytest.mark.parametrize("lesson", lessons.NAMES)
def test_lessons_are_told_without_signs(lesson: str, ask: str) -> None:
    typed = Typed(lesson, ask)
    for _ in range(2):
        for line in ("next", "hint", "next", "why", "where"):
            typed(line)
    for line in ("phase", "why", "phase", "why", "chain", "phase", "why", "loss"):
        typed(line)
    if ask == "lesson":  # the list is the same however it asks
        typed("mistake")
    for told in typed.told:
        assert not set(told) & SIGNS, told
