"""The parser of the command line: argparse, with a subparser for each command of the table.

Flags may stand before the command or behind it; without a command, the stepper is meant. Each
flag's text is read when argparse is done, so that all that is wrong is told at once.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NoReturn

from backprop_tui import lessons
from backprop_tui.cli.commands import COMMANDS, STEPPER, Subcommand
from backprop_tui.cli.flags import Option
from backprop_tui.cli.streams import PROGRAM, CommandError
from backprop_tui.messages import hint, shown

SWITCHES = {o.name for c in (STEPPER, *COMMANDS.values()) for o in c.options if not o.metavar}
"""All flags that take no value, but --help and --version."""


class Formatter(argparse.RawDescriptionHelpFormatter):
    """The layout of --help: 80 columns, however wide the terminal is."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=80)


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
            formatter_class=Formatter,
            argument_default=argparse.SUPPRESS,
            add_help=False,
            allow_abbrev=False,
        )
        self.commands: Mapping[str, Parser] = {}
        self._negative_number_matcher = re.compile(r"-\.?\d")  # -1,0.5 too: as in Python 3.14
        what, word = self.add_argument_group("what"), command.word
        if takes_word:
            names = f"; the lessons: {', '.join(lessons.NAMES)}" if word.default else ""
            what.add_argument(
                "word",
                nargs="?",
                metavar=word.metavar,
                default=word.default,
                choices=word.choices or None,
                help=word.help + names,
            )
        for option in word.options:
            add(what, option)
        for heading, options in command.flags.items():
            group = self.add_argument_group(heading)
            for option in options:
                add(group, option)
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


def add(group: argparse._ArgumentGroup, option: Option) -> None:
    """Add a flag to one of a parser's groups."""
    if option.metavar:
        group.add_argument(
            option.name,
            dest=option.name,
            metavar=option.metavar,
            choices=option.values or None,
            help=option.help,
        )
    else:
        group.add_argument(option.name, dest=option.name, action="store_true", help=option.help)


# What --help says ----------------------------------------------------------------------------


def usage_of(command: Subcommand) -> str:
    """How a command is typed."""
    flags = " [flags]" if command.flags else ""
    usage = f"{command.line} [{command.word.metavar}]{flags}"
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
    texts = vars(given)
    own = {option.name for option in command.options}
    foreign = [name for name in texts if name.startswith("--") and name not in own]
    faults = [superfluous(command, argument) for argument in (*foreign, *extra)]
    arguments = argparse.Namespace(word=given.word, parser=given.parser)
    for option in command.options:
        value = texts.get(option.name, option.default)
        try:
            if option.metavar and option.name in texts:
                value = option.read(value)
        except ValueError as error:
            faults.append(f"{option.name} {error}")
        setattr(arguments, option.attribute, value)
    if faults:
        raise CommandError(*faults)
    return arguments


def superfluous(command: Subcommand, argument: str) -> str:
    """Why an argument has no place on this command's line."""
    if not argument.startswith("-"):
        return f"one {command.word.metavar} is enough: {shown(argument)} is one too many"
    name = argument.partition("=")[0]
    own = [*(option.name for option in command.options), "-h", "--help", "--version"]
    for other in (STEPPER, *COMMANDS.values()):
        if name in {option.name for option in other.options}:
            return f'there is no flag {name} here, but "{other.line}" has it'
    begun = [known for known in own if known.startswith(name)]
    meant = hint(name, begun or own) or f"; {command.line} --help lists all"
    return f"there is no flag {shown(name)}{meant}"
