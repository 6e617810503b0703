"""Changes that are undone and redone; new weights, and a mistake made on purpose."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from backprop_tui.learn.mistakes import CATALOGUE, present_name, slips_of
from backprop_tui.messages import nearest, short
from backprop_tui.model.algorithm import program_of
from backprop_tui.model.experiment import Experiment
from backprop_tui.session import lazy
from backprop_tui.session.editing import edited
from backprop_tui.session.prompts import Entry, Menu
from backprop_tui.session.state import CannotError, SessionState

NONE = "none"
"""What is typed for no mistake."""


def undo(s: SessionState, rest: str) -> None:
    """The last edit, formula, mistake or new weights undone."""
    now, before = _swap(s, s.past, s.future, "undo")
    _say_what(s, "Undone", difference(before, now, s.decimals), s.past, "undo")


def redo(s: SessionState, rest: str) -> None:
    """What was undone last made again."""
    before, now = _swap(s, s.future, s.past, "redo")
    _say_what(s, "Redone", difference(before, now, s.decimals), s.future, "redo")


def _swap(
    s: SessionState, source: list[Experiment], other: list[Experiment], what: str
) -> tuple[Experiment, Experiment]:
    """Go on with the last of `source`: the experiment until now, and that one."""
    if not source:
        raise CannotError(f"There is nothing to {what}.")
    s.pause()
    left, taken = s.timeline.experiment, source.pop()
    other.append(left)
    s.retell(taken)
    return left, taken


def _say_what(s: SessionState, done: str, made: str, source: list[Experiment], what: str) -> None:
    s.say(f"{done}: {made}. {len(source) or 'Nothing'} more to {what}.")


def difference(before: Experiment, after: Experiment, decimals: int) -> str:
    """What one change made: `the edit W2[1,1] = 0.900`, `other weights`, `your dW2`."""
    if after.initial is not before.initial:
        return "other weights"
    if after.mistake != before.mistake:
        made = after.mistake
        return f"the mistake {made.name}" if made else "the algorithm without a mistake"
    own, taught = after.formulas, before.formulas
    symbols = {*own, *taught}
    if written := sorted(symbol for symbol in symbols if own.get(symbol) != taught.get(symbol)):
        return " and ".join(
            f"{'your' if symbol in own else 'the taught'} {symbol}" for symbol in written
        )
    return f"the edit {edited(after.edits[-1], decimals)}"


def new_weights(s: SessionState, rest: str) -> None:
    """Begin again with new random weights."""
    s.pause()
    s.past.append(s.timeline.experiment)
    s.future.clear()
    s.begin(s.timeline.experiment.reseeded())
    seed = s.timeline.experiment.initial.seed
    s.say(f"New weights, from seed {seed}. {s.named('undo')} brings the old ones back.")


def mistake(s: SessionState, rest: str) -> None:
    """Run with one mistake, or with none; without a name, ask which."""
    s.pause()
    name = present_name("-".join(rest.lower().split()))
    if not name:
        s.start(_list_mistakes(s))
        return
    if name != NONE and name not in CATALOGUE:
        begun = [known for known in CATALOGUE if known.startswith(name)]
        meant = nearest(name, (*CATALOGUE, NONE)) or next(iter(begun), None)
        or_so = f"did you mean {meant}?" if meant else f"{s.named('mistake')} alone lists all."
        raise CannotError(f"There is no mistake {short(name)!r}: {or_so}")
    experiment = s.timeline.experiment
    other = experiment.with_mistake(CATALOGUE.get(name))
    s.close_all()
    if other is experiment:
        is_so = "No mistake is made" if name == NONE else f"{name} is made already"
        s.say(f"{is_so}: nothing is changed.")
        return
    s.change(other)  # the run is another one from its start; where we are in it stays
    if name == NONE:
        s.say("The algorithm is right again; the position stays.")
    else:
        program = s.timeline.program
        told = f"The mistake {name} is not possible in this network: nothing is changed."
        if slips_of(program):
            told = CATALOGUE[name].told(program)
        s.say(f"{told} {s.named('undo')} takes it back.")
        if experiment.notes:
            s.said.append("Until then, the lesson's notes and questions are not shown.")


def make_ready(s: SessionState) -> Generator[None, None, None]:
    """Find what the list of mistakes would wait for, a little at a time."""
    experiment = s.timeline.experiment
    right = program_of(experiment.network, experiment.training)
    for each in CATALOGUE.values():
        each.slips(right)  # found once: broken off by a key, it goes on there
        yield
        each.steps(right)
        yield


def _list_mistakes(s: SessionState) -> Iterator[str]:
    """Open the list, once it is known which of them change nothing here."""
    if s.right is not None:
        yield from s.run_right(s.right)
    s.open(_mistakes(s))


def _mistakes(s: SessionState) -> Menu:
    """The mistakes to choose from; those that change nothing in this iteration are the last."""
    now = s.timeline.experiment.mistake
    idle = _without_effect(s)
    entries = [
        Entry(
            name,
            f"{'▸' if now is known else ' '} {name}",
            idle.get(name) or known.how,
            name in idle,
            known.told(s.timeline.program),
        )
        for name, known in sorted(CATALOGUE.items(), key=lambda item: item[0] in idle)
    ]
    none = Entry(NONE, f"{' ' if now else '▸'} {NONE}", told="The algorithm as it should be.")
    title = "Choose one mistake. The title shows it until you remove it."
    chosen = next((k for k, e in enumerate(entries, 1) if now and e.id == now.name), 0)
    return Menu("mistake", title, (none, *entries), mistake, chosen=chosen, closes="m")


def _without_effect(s: SessionState) -> dict[str, str]:
    """The mistakes that would change nothing in the iteration shown, and why."""
    right = s.right.timeline if s.right else s.timeline
    at = s.position.iteration
    told = {name: lazy.effect.without_effect(right, made, at) for name, made in CATALOGUE.items()}
    return {name: why for name, why in told.items() if why is not None}
