"""Whatever is changed in a line that is right, it is done, or a line says why it is not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.parser import GrammarError, parse
from backprop_tui.run.history import History
from backprop_tui.session.session import Session
from tests.changes import answered, changed_texts, is_told
from tests.programs import ATTENTION
from tests.session.test_bursts import fresh, session_of

RIGHT = {
    "goto": (
        *("12", "+3", "epoch 2", "step 3", "end", "dW1", "A2[1,1] > 0.4", "loss < 0.5"),
        *("max(abs(dW1)) ≤ 0.01", "W1[1,2] − 0.5 < alpha", "mean(dZ1 ∘ dZ1) = 0"),
    ),
    "edit": ("W1[1,2] 0.5", "alpha = 0.2", "X[1,1] = −1/3", "b1[2,1] 1e-3", "Y[1,1] 0.25", "α 2"),
    "write": (
        *("W1 @ X + b1", "Z1 = W1·X + b1", "np.maximum(0, Z1)", "1 / (1 + np.exp(-Z1))", "A2 − Y"),
        *("A1 = tanh(Z1)", "dZ2 = (A2 - Y) / m", "np.dot(dZ2, A1.T)", "Σ_j W1[i,j]·X[j,1] + b1[i]"),
        *("W2.T @ dZ2", "where(Z1 > 0, Z1, 0.1*Z1)", "-np.sum(Y * np.log(A2))", "W1 - α * dW1"),
    ),
    "why": ("dW2[1,1]", "W1[1,2]", "L", "A1"),
    "derive": ("dW1", "all", "off"),
    "one_weight": ("W1[1,2]",),
    "mistake": ("sign-flipped", "none"),
    "ask": ("vote", "type", "lesson", "off"),
    "decimals": ("4",),
    "example": ("1",),
}  # fmt: skip
EXPERIMENTS = {
    **{n: replace(load(n), questions=()) for n in ("article", "batch", "softmax", "rnn")},
    "attention": ATTENTION,
}
PROMPTS = {"goto": "g", "edit": "e", "write": "f"}


@st.composite
def lines(draw: st.DrawFn) -> tuple[str, str]:
    """A command, with what may stand behind its word, changed."""
    command = draw(st.sampled_from((*RIGHT, *PROMPTS, *PROMPTS)))
    return command, draw(changed_texts(draw(st.sampled_from(RIGHT[command])), 2))


@pytest.fixture(autouse=True, scope="module")
def short_searches() -> Iterator[None]:
    """A condition that never holds is given up at once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(History, "most", 20)
        yield


def stopped(session: Session) -> None:
    """What takes long is waited for a moment, then stopped."""
    for _ in range(3):
        session.work(0.01)
    if session.job is not None:
        session.key("escape")
    assert session.job is None


@given(
    st.sampled_from(sorted(EXPERIMENTS)),
    st.integers(0, 12),
    st.lists(lines(), min_size=1, max_size=6),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_line_is_done_or_it_is_said_why_not(
    name: str, steps: int, typed: list[tuple[str, str]]
) -> None:
    session = session_of(EXPERIMENTS[name])
    for _ in range(steps):
        session.key("space", " ")
    for command, rest in typed:
        with answered():
            outcome = session.do(command, rest)
            stopped(session)
        assert is_told(outcome.said), outcome.said
        assert outcome.said or not outcome.refused
    fresh(session)


@given(
    st.sampled_from(sorted(EXPERIMENTS)),
    st.integers(0, 12),
    st.lists(lines().filter(lambda line: line[0] in PROMPTS), min_size=1, max_size=4),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_typed_into_a_prompt_it_is_done_or_said_under_it(
    name: str, steps: int, typed: list[tuple[str, str]]
) -> None:
    session = session_of(EXPERIMENTS[name])
    for _ in range(steps):
        session.key("space", " ")
    for command, rest in typed:
        with answered():
            session.key(PROMPTS[command], PROMPTS[command])
            if session.prompt is None:  # no number, or no step, to change here
                continue
            session.paste(rest)
            assert is_told(filter(None, session.prompt.said.splitlines())), session.prompt.said
            session.key("enter")
            stopped(session)
        if session.prompt is not None:
            assert is_told(filter(None, session.prompt.said.splitlines())), session.prompt.said
            session.key("escape")
        assert session.prompt is None
    fresh(session)


FORMULAS = st.sampled_from((*RIGHT["write"], *(g for g in RIGHT["goto"] if "[" in g or "(" in g)))


@given(FORMULAS.flatmap(lambda formula: changed_texts(formula, 4)))
def test_a_formula_is_read_or_it_is_said_where_it_cannot_be(formula: str) -> None:
    with answered(GrammarError):
        parse(formula)
