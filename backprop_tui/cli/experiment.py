"""The experiment that the arguments of a command ask for: opened, with its changes."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from backprop_tui import lessons
from backprop_tui.cli.flags import OVERRIDES
from backprop_tui.cli.streams import CommandError, complain
from backprop_tui.files import settings
from backprop_tui.files.autosave import newest
from backprop_tui.files.codes import experiment_of
from backprop_tui.files.experiment_file import ExperimentError, file_meant, is_file, load
from backprop_tui.files.settings import NO_SETTINGS, Settings
from backprop_tui.messages import hint, path_shown, shown
from backprop_tui.model.experiment import Experiment
from backprop_tui.run.history import GIVEN_ONCE


def opened(arguments: argparse.Namespace) -> Experiment:
    """The experiment with its overrides, seen and asking as the flags say. Raises CommandError."""
    overrides = {flag.attribute: getattr(arguments, flag.attribute) for flag in OVERRIDES}
    source = "--code" if arguments.code is not None else arguments.word
    try:
        if getattr(arguments, "resume", False):
            source = "--resume"
            experiment = left(arguments, overrides)
        elif arguments.code is not None:
            experiment = of_code(arguments, overrides)
        else:
            experiment = load(arguments.word, overrides)
    except ExperimentError as error:
        raise CommandError(*(located(fault, source) for fault in error.faults)) from None
    if experiment.network.given:
        one_iteration(arguments)
    given = [
        w for flag in OVERRIDES if (v := overrides[flag.attribute]) for w in (flag.name, str(v))
    ]
    experiment = replace(experiment, source=" ".join([experiment.source, *map(shlex.quote, given)]))
    seen = {key: value for key in ("ask", "theme") if (value := getattr(arguments, key, None))}
    return replace(experiment, look=replace(experiment.look, **seen))


def one_iteration(arguments: argparse.Namespace) -> None:
    """Refuse what needs more iterations than values that are given allow."""
    if hasattr(arguments, "until_loss"):
        raise CommandError(f"there is nothing to train: {GIVEN_ONCE}")
    for flag in ("iteration", "iterations"):
        if (getattr(arguments, flag, None) or 1) > 1:
            raise CommandError(f"--{flag} must be 1: {GIVEN_ONCE}")


def left(arguments: argparse.Namespace, overrides: Mapping[str, Any]) -> Experiment:
    """The experiment of the newest autosave, which has its own changes."""
    given = [flag.name for flag in OVERRIDES if overrides[flag.attribute]]
    if arguments.code is not None:
        given.insert(0, "--code")
    if arguments.word != lessons.DEFAULT:
        given.insert(0, shown(arguments.word))
    if given:
        raise CommandError(f"an autosave has its own experiment: leave out --resume, or {given[0]}")
    return newest().opened()


def of_code(arguments: argparse.Namespace, overrides: Mapping[str, Any]) -> Experiment:
    """The experiment that --code holds, which leaves no room for another one."""
    if arguments.word != lessons.DEFAULT:
        raise CommandError(
            f"a code holds its own experiment: leave out --code, or {shown(arguments.word)}"
        )
    return experiment_of(arguments.code, overrides)


def located(fault: str, source: str) -> str:
    """A fault with the experiment's name in front, unless it says itself where it lies."""
    name = path_shown(source)
    said = name in fault or shown(source) in fault or fault.startswith("--")
    return fault if said else f"{name}: {fault}"


def decimals_of(
    arguments: argparse.Namespace, experiment: Experiment, preferred: Settings = NO_SETTINGS
) -> int:
    """The decimals that a flag, the experiment or the settings ask for, in this order."""
    if arguments.decimals is not None:
        return int(arguments.decimals)
    if experiment.own_decimals is None and preferred.decimals is not None:
        return preferred.decimals
    return experiment.decimals


def preferences() -> Settings:
    """What the user prefers in every run; what is wrong with the settings is told."""
    preferred, faults = settings.read()
    complain(*faults)
    return preferred


def is_experiment(word: str) -> bool:
    """Whether a word names a lesson or a file."""
    return word in lessons.NAMES or is_file(word)


def unknown(word: str, kinds: Mapping[str, Sequence[str]], opens_files: bool = True) -> str:
    """What there is instead of `word`, and which of it was probably meant."""
    there_are = "; ".join(f"the {kind}s are {', '.join(names)}" for kind, names in kinds.items())
    meant = hint(word, [name for names in kinds.values() for name in names])
    if not meant and opens_files:
        meant = file_meant(word)
    return f"there is no {' or '.join(kinds)} {shown(word)}; {there_are}{meant}"
