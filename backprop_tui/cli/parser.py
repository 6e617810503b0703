"""The parser of the command line: argparse, with a subparser for each command of the table.

Flags may stand before the command or behind it; without a command, the stepper is meant. Each
flag's text is read when argparse is done, so that all that is wrong is told at once.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

from backprop_tui.cli.commands import COMMANDS, STEPPER, Subcommand
from backprop_tui.cli.flags import Option
from backprop_tui.cli.streams import PROGRAM, CommandError
from backprop_tui.messages import hint, shown

SWITCHES = {o.name for c in (STEPPER, *COMMANDS.values()) for o in c.options if not o.metavar}
"""All flags that take no value, but --help and --version."""


class Parser(argparse.ArgumentParser):
    """The parser of one command. A fault raises CommandError; a value may begin with a minus.

    A flag that was `typed` and is none of the command's is parsed as well, with its value, lest
    that be taken for the command's word. --help does not show it, and `checked` refuses it.
    """

    def __init__(
        self, command: Subcommand, typed: Iterable[str], prog: str, takes_word: bool = True
    ) -> None:
        super().__init__(
            prog,
            usage_of(command),
            about(command),
            examples(command),
            formatter_class=partial(
                argparse.RawDescriptionHelpFormatter, max_help_position=28, width=80
            ),
            argument_default=argparse.SUPPRESS,
            add_help=False,
            allow_abbrev=False,
        )
        self.commands: Mapping[str, Parser] = {}
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1,0.5 too: as in Python 3.14
        for heading, options in command.groups.items():
            group = self.add_argument_group(heading)
            if heading == "what" and takes_word:
                for word in command.words:
                    group.add_argument(word.name, nargs="?", default=word.default, **worded(word))
            for option in options:
                group.add_argument(option.name, dest=option.name, **worded(option))
        rest = self.add_argument_group("about the program")
        rest.add_argument("-h", "--help", action="store_true", help="show this, and end")
        rest.add_argument("--version", action="store_true", help="show the version, and end")
        own = {option.name for option in command.options} | {"--help", "--version"}
        for name in set(typed) - own:
            value = {"action": "store_true"} if name in SWITCHES else {"nargs": "?"}
            self.add_argument(name, dest=name, help=argparse.SUPPRESS, **value)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        fault = message.removeprefix("argument ")
        name, ignored, _ = fault.partition(": ignored explicit argument")
        if ignored:  # -h/--help
            raise CommandError(f"{name.rpartition('/')[2]} takes no value")
        raise CommandError(fault.replace(": expected one argument", " needs a value"))

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Any value passes: `checked` says what it must be, with all else that is wrong."""


class Commands(argparse._SubParsersAction):  # type: ignore[type-arg]
    """The first word of the line: a command, or else the experiment that the stepper opens."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[object] | None,
        option_string: str | None = None,
    ) -> None:
        words = [str(value) for value in values or ()]
        if words[0] == "--":  # Python 3.13 has left it out
            del words[0]
        if words[0] not in COMMANDS:
            words = [STEPPER.name, *(["--"] if words[0].startswith("-") else []), *words]
        super().__call__(parser, namespace, words, option_string)


def command_line(argv: Iterable[str] = ()) -> Parser:
    """The parser of the line `argv`; its subparsers are in `commands`."""
    typed = {name for text in argv if (name := text.partition("=")[0]).startswith("--")} - {"--"}
    line = Parser(STEPPER, typed, PROGRAM, takes_word=False)
    line.set_defaults(command=STEPPER.name, word=STEPPER.word.default, parser=line)
    subparsers = line.add_subparsers(action=Commands, prog=PROGRAM, dest="command")
    for command in COMMANDS.values():
        subparsers.add_parser(command.name, command=command, typed=typed, help=command.summary)
    subparsers.add_parser(STEPPER.name, command=STEPPER, typed=typed)  # no shell offers it
    line.commands = subparsers.choices
    return line


def worded(option: Option) -> dict[str, Any]:
    """What argparse is told of a flag or a word, besides its name."""
    if not option.metavar:
        return {"help": option.help, "action": "store_true"}
    return {
        "help": option.help,
        "metavar": option.metavar,
        "choices": option.values or None,
        "action": "append" if option.repeatable else "store",
    }


# What --help says ----------------------------------------------------------------------------


def usage_of(command: Subcommand) -> str:
    """How a command is typed."""
    flags = " [flags]" if command.options else ""
    usage = f"{command.with_words}{flags}"
    return f"{usage}\n       {PROGRAM} COMMAND ..." if command is STEPPER else usage


def about(command: Subcommand) -> str:
    """What a command does; of the stepper, which other commands there are."""
    if command is not STEPPER:
        return command.about
    listed = (f"  {c.name or '(none)':<12}{c.summary}" for c in (STEPPER, *COMMANDS.values()))
    return "\n".join([command.about, "\ncommands (each has its own --help):", *listed])


def examples(command: Subcommand) -> str:
    """Lines to try, with what each gives."""
    width = max(map(len, command.examples))
    lines = (f"  {line:<{width}}  {what}" for line, what in command.examples.items())
    return "\n".join(["examples:", *lines])


# What was typed ------------------------------------------------------------------------------


def checked(
    command: Subcommand, given: argparse.Namespace, extra: Iterable[str]
) -> argparse.Namespace:
    """The values of all flags of a command, and its word. Raises CommandError with all faults."""
    texts, extra = vars(given), list(extra)
    last = command.words[-1]
    loose = [argument for argument in extra if not argument.startswith("-")]
    if command.second is not None and texts[last.name] == last.default and loose:
        texts[last.name] = loose[0]  # argparse takes no second word behind a flag
        extra.remove(loose[0])
    own = {option.name for option in command.options}
    foreign = [name for name in texts if name.startswith("--") and name not in own]
    words = [texts[word.name] for word in command.words]
    faults = [superfluous(command, argument, words) for argument in (*foreign, *extra)]
    arguments = argparse.Namespace(parser=given.parser)
    for word in command.words:
        setattr(arguments, word.name, texts[word.name])
    for option in command.options:
        try:
            value = read(option, texts[option.name]) if option.name in texts else option.default
            setattr(arguments, option.attribute, value)
        except ValueError as error:
            faults.append(f"{option.name} {error}")
    if faults:
        raise CommandError(*faults)
    return arguments


def read(option: Option, typed: Any) -> Any:
    """The value of what was typed for a flag. Raises ValueError: what it must be."""
    if typed is None:
        raise ValueError("needs a value")
    if not option.metavar:
        return typed
    # argparse makes an empty list of the value in --flag=--
    each = ["--" if one == [] else one for one in (typed if option.repeatable else [typed])]
    values = tuple(map(option.read, each))
    return values if option.repeatable else values[0]


def superfluous(command: Subcommand, argument: str, words: Sequence[str | None]) -> str:
    """Why an argument has no place on this command's line, which has these words."""
    if not argument.startswith("-"):
        wanted = " and one ".join(word.metavar for word in command.words)
        enough = "is" if command.second is None else "are"
        flags = [
            f"{o.name} {word}"
            for word in (argument, *words)
            for o in command.options
            if word in o.values
        ]
        meant = f'. Did you mean "{flags[0]}"?' if flags else ""
        return f"one {wanted} {enough} enough: {shown(argument)} is one too many{meant}"
    name = argument.partition("=")[0]
    own = [*(option.name for option in command.options), "-h", "--help", "--version"]
    for other in (STEPPER, *COMMANDS.values()):
        if name in {option.name for option in other.options}:
            return f'there is no flag {name} here, but "{other.line}" has it'
    begun = [known for known in own if known.startswith(name)]
    meant = hint(name, begun or own) or f"; {command.line} --help lists all"
    return f"there is no flag {shown(name)}{meant}"
