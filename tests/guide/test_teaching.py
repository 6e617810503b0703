"""The plans for a class, gone through on the real program: every key, and all that is shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import pytest

from backprop_tui import guide
from backprop_tui.cli.commands import STEPPER
from backprop_tui.cli.experiment import decimals_of, opened
from backprop_tui.cli.parser import checked, command_line
from backprop_tui.maths.numbers import number
from backprop_tui.session.session import Session

KEYS = {"PgDn": "pagedown", "PgUp": "pageup", "Home": "home", "esc": "escape", "enter": "enter"}
LINE = re.compile(r"^(?:- )?(Begin|Keys|Shown): (.*)$", re.MULTILINE)
QUOTED = re.compile(r"`([^`]+)`(?: (\d+) times)?")
PLANS = re.split(r"^## ", guide.text("teaching"), flags=re.MULTILINE)[1:]


def session_of(command: str) -> Session:
    """What a command opens."""
    argv = shlex.split(command)[1:]
    given, extra = command_line(argv).parse_known_args(argv)
    arguments = checked(STEPPER, given, extra)
    experiment = opened(arguments)
    session = Session(experiment, decimals_of(arguments, experiment))
    session.begin(experiment)
    return session


def press(session: Session, key: str) -> None:
    """Press a key by its sign, or type a text."""
    for pressed in [KEYS[key]] if key in KEYS else key:
        name = {" ": "space", "<": "less_than_sign", ".": "full_stop", "-": "minus"}.get(pressed)
        session.key(name or pressed, pressed if len(pressed) == 1 else None)
        while session.job is not None:
            session.work(1.0)


def is_shown(session: Session, what: str) -> str:
    """What the screen shows in place of what the plan says: the same where the plan is right."""
    name, equals, _ = what.partition(" = ")
    if not equals:
        kind, _, _ = what.partition(" ")
        at = {"step": session.position.steps, "iteration": session.position.iteration}[kind]
        return f"{kind} {at}"
    symbol, _, cell = name.partition("[")
    if session.asking is not None and session.asking.is_open:
        assert session.view.step is not None
        return f"{session.view.step.symbol} = ?"
    value = session.timeline.state(session.position).value(symbol)
    assert value is not None, f"{symbol} is not computed"
    if cell:
        row, column = map(int, cell.rstrip("]").split(","))
        value = value[row - 1 : row, column - 1 : column]
    numbers = " ".join(number(entry, session.decimals) for entry in value.flat)
    return f"{name} = {numbers}"


def walked(plan: str) -> Iterator[tuple[str, str]]:
    """What a plan says is shown, and what is, in its order."""
    session: Session | None = None
    for what, line in LINE.findall(plan):
        quoted = QUOTED.findall(line)
        if what == "Begin":
            session = session_of(quoted[0][0])
            continue
        assert session is not None, line
        for text, times in quoted:
            for _ in range(int(times or 1)):
                if what == "Keys":
                    press(session, text)
                else:
                    yield text, is_shown(session, text)


@pytest.mark.parametrize("plan", [p for p in PLANS if "Begin: " in p], ids=lambda p: p[:22])
def test_what_a_plan_says_is_shown_is_shown(plan: str) -> None:
    shown = list(walked(plan))
    assert len(shown) > 8
    assert [said for said, _ in shown] == [seen for _, seen in shown]


def test_there_are_three_plans_with_something_to_ask_and_its_answer() -> None:
    plans = [plan for plan in PLANS if plan.startswith("A plan for ")]
    assert [plan.split()[3] for plan in plans] == ["15", "45", "90"]
    for plan in plans:
        assert plan.count("- Ask: ") >= 5
        assert plan.count("- Answer: ") >= 5
        assert plan.count("- Say: ") >= 5


@pytest.mark.parametrize("plan", [p for p in PLANS if p.startswith("A plan")], ids=lambda p: p[:22])
def test_the_minutes_of_a_plan_follow_each_other_to_its_end(plan: str) -> None:
    spans = [(int(a), int(b)) for a, b in re.findall(r"^### Minutes (\d+) to (\d+)", plan, re.M)]
    starts, ends = zip(*spans, strict=True)
    assert starts == (0, *ends[:-1])
    assert ends[-1] == int(plan.split()[3])
