"""A burst is slow typing: keys sent at once lead where the same keys lead one at a time."""

from __future__ import annotations

import asyncio
import os
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from textual.events import Key, Paste
from textual.geometry import Size

from backprop_tui.files.experiment_file import load
from backprop_tui.maths.expressions import Cell
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.timeline import Position, Timeline
from backprop_tui.session import looking
from backprop_tui.session.commands import sign_of
from backprop_tui.session.prompts import Menu, Prompt, Sheet
from backprop_tui.session.saving import look_now
from backprop_tui.session.session import Session
from backprop_tui.session.travel import known_losses
from backprop_tui.tui.window import Window
from tests.networks import same_bits
from tests.terminal import Terminal, stepper, warm
from tests.tui.driver import CHARACTERS, NAMES, SMALL, stepping

ARTICLE = replace(load("article"), questions=(), notes=())
EXPERIMENTS = {
    "article": ARTICLE,
    "asked by vote": replace(load("mazur"), look=replace(load("mazur").look, ask="vote")),
    "asked to type": replace(load("mazur"), look=replace(load("mazur").look, ask="type")),
    "mistaken": load("article", {"mistake": "sign-flipped"}),
}
PIECES = [
    # prompts, whole and left
    *("g3⏎", "g+200⏎", "gdA1⏎", "gabs(dW1).max() > 0⏎", "g0⏎", "gwhat⏎", "g5␛"),
    *("e0.73⏎", "e⏎", "e↑↑⇥↓⏎", "e.5␛", "e7", "w⏎", "wmine⏎⏎", "w␛", "wx"),
    *("fdZ2@A1.T⏎", "fq␛", "fX@⏎", "f", "fA2-Y⏎"),
    # lists and the palette
    *(":l⏎⏎", ":␛", ":next⏎", ":theme⏎", ":⏎⏎", ":nothing of the kind⏎␛", ":q⏎", ":↓↓⏎"),
    *("m↓⏎", "msign⏎", "m␛", "mm", "o␛", "o↓↓⏎", "oneuron⏎", "o/dev/null⏎"),
    # questions
    *("a", "aa", "␣1", "␣2", "␣3", "␣4", "␣0.5⏎", "⏎0.1⏎", "?", "??", "␣␛", "␣?", "⏎␣"),
    # sheets
    *("?␛", "?↓↓↓␛", "x", "c", "y", "yc", "l", "lge", "b", "b.", "␛", "␛␛"),
    # time, looking, undoing
    *("␣", "␣␣␣", "⌫", "p", "P", "i", "I", "s", "S", "u", "U", "uu", "t", "d", "D", "h"),
    *("⏎", "⏎⏎", "⇥", "⇥⇥", "→", "↑", "z", "v", "k", "K", "hz", "3", "q␛"),
]
"""What is typed: a character is its key, and these are keys of their own."""
SIGNS = {
    "⏎": "enter", "␛": "escape", "␣": "space", "⌫": "backspace", "⇥": "tab", "↑": "up",
    "↓": "down", "→": "right",
}  # fmt: skip
typing = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)


def keys(typed: str) -> list[tuple[str, str | None]]:
    """The keys of what is typed, and the characters that they write."""
    found = []
    for sign in typed:
        key = SIGNS.get(sign) or NAMES.get(sign, sign)
        found.append((key, CHARACTERS.get(key, key if len(key) == 1 else None)))
    return found


@contextmanager
def somewhere() -> Iterator[None]:
    """A folder of its own: some keys save."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield
        finally:
            os.chdir(before)


def state(session: Session) -> list[object]:
    """All that tells where a session is."""
    experiment, asking, over = session.timeline.experiment, session.asking, session.over
    return [
        *map(opened, session.opened),
        *(session.position, look_now(session), session.decimals, session.message, session.ended),
        *(session.mode, session.unsent, session.playing, session.speed, session.nudge),
        *(session.proposed, session.confirmed, session.writing, session.told, session.typed),
        *(session.misses, len(session.past), len(session.future), session.farthest),
        *(experiment.name, experiment.mistake, experiment.edits, dict(experiment.formulas)),
        *(experiment.initial.seed, known_losses(session).tobytes()),
        asking and (asking.asked.cell, asking.misses, asking.hints, asking.typing, asking.struck),
        over and (over.asked.cell, over.outcome, over.typed),
    ]


def opened(open_: Prompt | Menu | Sheet) -> tuple[object, ...]:
    """What is seen of a prompt, a list or a sheet."""
    match open_:
        case Prompt():
            return open_.kind, open_.asks, open_.said, open_.line
        case Menu():
            return open_.kind, open_.shown, open_.chosen, open_.said, open_.line
        case Sheet():
            return open_.kind, open_.top, open_.marks


def session_of(experiment: Experiment) -> Session:
    """A session in a small window."""
    return Session(experiment, 3, Window(Size(*SMALL)), sign_of)


def done(session: Session) -> None:
    """All that takes long is waited for."""
    while session.job or session.background:
        session.work(1.0)


def fresh(session: Session) -> None:
    """Every number at hand, and every loss, is what the same run has that is computed anew."""
    again, here = Timeline(session.timeline.experiment), session.position
    assert again.iteration(here.iteration).number == here.iteration
    expected, found = again.state(here), session.timeline.state(here)
    for symbol in expected.shapes:
        one, other = expected.value(symbol), found.value(symbol)
        assert (one is None) == (other is None), symbol
        assert one is None or other is None or same_bits(one, other), symbol
    losses = known_losses(session)
    assert same_bits(again.history.losses(1, len(losses) + 1), losses)


# What else may come between keys: another size, pasted text, clicks and the wheel.

Act = Callable[[Session, random.Random], object]


def sized(session: Session, chance: random.Random) -> None:
    """The window has another size, however small."""
    width, height = chance.choice((SMALL, (20, 5), (40, 12), (60, 18), (120, 40), (200, 60)))
    session.sight, session.width = (window := Window(Size(width, height))), width
    session.one_panel, session.roomy = window.one_panel, window.roomy


def pasted(session: Session, chance: random.Random) -> None:
    texts = ("12", "W1[1,1] 0.5\nq", "dZ2·A1ᵀ\r\n", "\x1b[31m\u202e", "(" * 999)
    session.paste(chance.choice(texts))


def clicked(session: Session, chance: random.Random) -> None:
    """A click does nothing while something takes long or is open."""
    if session.job is not None or session.ended or isinstance(session.top, Menu | Sheet):
        return
    state, steps = session.view.state, len(session.timeline.program.steps)
    symbol = chance.choice([s for s, shape in state.shapes.items() if len(shape) == 2])
    rows, columns = state.shapes[symbol]
    cell = Cell(symbol, chance.randint(1, rows), chance.randint(1, columns))
    to = Position(session.position.iteration, chance.randint(0, steps))
    panel = chance.choice(("network", "step"))
    session.act(
        chance.choice(
            (
                lambda: looking.inspect(session, cell),
                lambda: session.go(to),
                lambda: looking.choose_panel(session, panel),
                lambda: looking.scroll_window(session, chance.choice((-1, 1)), False),
            )
        )
    )


ACTS: list[Act] = [sized, pasted, clicked, clicked]
QUICK = [piece for piece in PIECES if piece[0] not in "omw"]
"""All but those that read or write many files: they are rare."""
BURST, BURSTS = 25, 7
"""Pieces of a burst, and bursts: with 20 examples, 10,000 keys."""


@given(st.sampled_from(list(EXPERIMENTS)), st.integers(0, 2**32))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_after_bursts_of_anything_all_is_as_it_is_computed_anew(name: str, seed: int) -> None:
    session, chance = session_of(EXPERIMENTS[name]), random.Random(seed)
    with somewhere():
        for _ in range(BURSTS):
            for _ in range(BURST):
                if chance.random() < 0.1:
                    chance.choice(ACTS)(session, chance)
                for key, character in keys(
                    chance.choice(PIECES if chance.random() < 0.05 else QUICK)
                ):
                    if not session.ended:
                        session.key(key, character)
                if session.ended:
                    session = session_of(EXPERIMENTS[name])
            done(session)
            if not session.ended:
                fresh(session)


@given(st.sampled_from(list(EXPERIMENTS)), typing, st.data())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_in_any_pieces_keys_lead_to_the_same_state(
    name: str, typed: str, data: st.DataObject
) -> None:
    experiment = EXPERIMENTS[name]
    slow, burst = session_of(experiment), session_of(experiment)
    with somewhere():
        for key, character in keys(typed):
            if not slow.ended:
                slow.key(key, character)
                done(slow)
    with somewhere():
        for key, character in keys(typed):
            if key == "escape" and burst.job is not None:
                done(burst)  # where it would stop, the clock decides
            if not burst.ended:
                burst.key(key, character)
            if data.draw(st.booleans()):
                burst.work(0.0005)
        done(burst)
    assert state(burst) == state(slow)


def test_ten_thousand_keys_are_handled_one_after_the_other() -> None:
    session = session_of(ARTICLE)
    for key, character in keys("g40000⏎" + "␣⌫g5⏎" * 2_000):
        session.key(key, character)
    done(session)
    assert session.position == Position(5, 1)
    assert not session.waiting


def test_escape_stops_what_takes_long_and_drops_what_was_typed_ahead() -> None:
    session = session_of(ARTICLE)
    for key, character in keys("gA2[1,1] > 2⏎␣␣␣"):
        session.key(key, character)
    session.work(0.01)
    assert session.job is not None
    session.key("escape")
    assert session.job is None
    assert not session.waiting
    assert not session.opened
    session.key("space", " ")
    assert session.position == Position(1, 1)


def test_pasted_text_is_typed_into_a_line_and_means_nothing_elsewhere() -> None:
    session = session_of(ARTICLE)
    session.paste("q\n␛")
    assert state(session) == state(session_of(ARTICLE))
    for key, character in keys("g40000⏎g"):
        session.key(key, character)
    session.paste("1\r\n2\x1b3\x00")  # while that is on its way
    done(session)
    assert session.prompt is not None
    assert session.prompt.line.text == "123"


# On the screen -------------------------------------------------------------------------------


async def shown_after(experiment: Experiment, typed: str, at_once: bool) -> tuple[object, ...]:
    """The state and the screen after some keys."""
    async with stepping(experiment, SMALL, asks=True) as driver:
        for key, character in keys(typed):
            if not at_once or key == "escape":  # see above
                await driver.settle()
            if not at_once and not driver.session.ended:
                await driver.rehearse()  # what this key may lead to is drawn before it comes
            driver.app.post_message(Key(key, character))
        await driver.settle()
        if driver.session.ended:
            await driver.until(lambda: not driver.app.is_running)
            return state(driver.session), driver.app.return_value
        await driver.rest()
        return state(driver.session), driver.everything()


@given(st.sampled_from(list(EXPERIMENTS)), typing)
@settings(settings.get_profile("few"), suppress_health_check=[HealthCheck.too_slow])
@example("article", "g3⏎")
@example("article", ":l⏎⏎")
@example("article", "i␣␣l:l⏎⏎ge")
@example("asked to type", "␣0.2⏎1⏎?␛␣3")
@example("asked by vote", "␣2␣␣1⏎0.5⏎")
@example("mistaken", "␣␣␣␣␣␣␣␣⌫⌫␣x␣␣⌫␣h␣t␣")
def test_the_screen_after_a_burst_is_that_after_slow_typing(name: str, typed: str) -> None:
    experiment = EXPERIMENTS[name]
    with somewhere():
        slow = asyncio.run(shown_after(experiment, typed, at_once=False))
    with somewhere():
        burst = asyncio.run(shown_after(experiment, typed, at_once=True))
    assert burst == slow


async def test_a_burst_is_drawn_once_and_none_of_it_is_lost() -> None:
    async with stepping(ARTICLE) as driver:
        with patch.object(driver.app, "_draw_panels", wraps=driver.app._draw_panels) as draw:
            driver.send(*["space"] * 2_000)
            await driver.settle()
        assert draw.call_count <= 2
        assert driver.position == Position(1 + 2_000 // 17, 2_000 % 17)
        assert f"step {2_000 % 17} of 17" in driver.text("title")


async def test_pasted_text_is_seen_without_line_ends_and_controls() -> None:
    async with stepping(ARTICLE) as driver:
        await driver.press("g")
        driver.app.post_message(Paste("1\r\n0\x1b[31m\u202e0"))
        await driver.settle()
        assert driver.line == "10[31m0"
        assert driver.everything().splitlines()[-1].rstrip() == " go to 10[31m0"


async def test_a_resize_in_a_prompt_changes_nothing_of_it() -> None:
    async with stepping(ARTICLE) as driver:
        await driver.press("g", "1")
        for size in ((40, 12), (200, 60), (20, 5), SMALL):
            driver.app.post_message(Key("2", "2"))
            await driver.resize(*size)
        assert driver.line == "12222"
        await driver.press("enter")
        assert driver.position.iteration == 12_222


# In a terminal -------------------------------------------------------------------------------

CTRL = {"⏎": "\r", "␛": "\x1b", "␣": " ", "⌫": "\x7f", "⇥": "\t"}
CTRL |= {"↑": "\x1b[A", "↓": "\x1b[B", "→": "\x1b[C"}


@contextmanager
def typed_into(typed: str, at_once: bool) -> Iterator[Terminal]:
    """A real terminal into which some keys have been typed."""
    sent = [CTRL.get(sign, sign).encode() for sign in typed]
    with Terminal(warm("article", "--ask", "off"), 80, 24) as terminal:
        terminal.until_says("Press space", "? help", "dW1")
        for piece in [b"".join(sent)] if at_once else sent:
            terminal.press(piece)
            if not at_once:
                terminal.look(0.5)
        yield terminal


def alike(slow: Terminal, burst: Terminal) -> bool:
    """Whether both show the same, by what has come by now."""
    burst.look(0.02)
    return slow.lines == burst.lines


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("wmine␛w", "save as mine"),
        ("␣?␛␣", "step 2 of 17"),
        ("g5⏎:quit⏎", ""),
    ],
)
def test_a_burst_in_a_terminal_is_slow_typing(typed: str, says: str) -> None:
    with typed_into(typed, at_once=False) as slow, typed_into(typed, at_once=True) as burst:
        if not says:
            assert burst.until_ended() == slow.until_ended()
            return
        for terminal in (slow, burst):
            terminal.until_says(says)
        slow.until(lambda: alike(slow, burst), "the same screen")


OPEN = ("e7", "f", "e⏎", "g0⏎", "gwhat⏎", "fX@⏎", "fA2-Y⏎")
WHOLE = [p for p in QUICK if not {"␛", "q"} & {*p} and p not in OPEN]
"""Pieces that need no escape, quit nothing, and leave no line open in which others would end."""

QUIET = replace(load("article"), look=replace(load("article").look, ask="off"))
"""As the command line opens it with --ask off."""


@pytest.mark.parametrize("seed", range(2))
def test_random_keys_in_bursts_in_a_terminal_lead_where_each_alone_does(seed: int) -> None:
    chance = random.Random(seed)
    bursts = ["".join(chance.choices(WHOLE, k=20)) for _ in range(5)]
    with somewhere():
        expected = asyncio.run(shown_alone("".join(bursts)))
    with Terminal(warm("article", "--ask", "off"), *SMALL) as terminal:
        terminal.until_says("Press space")
        for burst in bursts:
            terminal.press("".join(CTRL.get(sign, sign) for sign in burst).encode())
            terminal.look(0)  # so that its output never waits
        terminal.until(lambda: terminal.lines == expected, "\n".join(expected))


async def shown_alone(typed: str) -> list[str]:
    """The lines of the screen after keys that came one after the other."""
    async with stepping(QUIET, SMALL, asks=True) as driver:
        for key, character in keys(typed):
            driver.session.key(key, character)
            done(driver.session)
        await driver.drawn()
        await driver.rest()
        return [line.rstrip() for line in driver.everything().splitlines()]


def test_what_is_typed_before_the_first_frame_is_not_lost() -> None:
    with Terminal(stepper("article", "--ask", "off"), *SMALL) as terminal:
        terminal.press(b"g3\r  ")  # the terminal is not taken yet, and makes its enter a line feed
        terminal.until_says("iteration 3", "step 3 of 17")
