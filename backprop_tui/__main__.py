"""The command line: `backprop-tui`, or `python -m backprop_tui`.

The words and flags that were typed are read here; the commands are in `cli`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from typing import NoReturn

from backprop_tui import exports, lessons
from backprop_tui.cli.commands import Command, is_experiment, unknown
from backprop_tui.cli.flags import SWITCHES, hint, quoted
from backprop_tui.cli.streams import (
    FINE,
    INTERRUPTED,
    PROGRAM,
    WRONG,
    CommandError,
    close_stdout,
    complain,
    open_streams,
    write,
)
from backprop_tui.cli.table import COMMANDS, STEPPER


class Parser(argparse.ArgumentParser):
    """argparse, but a fault is raised, never printed."""

    def error(self, message: str) -> NoReturn:
        fault = message.removeprefix("argument ")
        name, ignored, _ = fault.partition(": ignored explicit argument")
        if ignored:  # -h/--help
            raise CommandError(f"{name.rpartition('/')[2]} takes no value")
        raise CommandError(fault.replace(": expected one argument", " needs a value"))


class Help(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28, width=80)


def parser_of(command: Command) -> Parser:
    width = max(len(example) for example in command.examples)
    examples = (f"  {line:<{width}}  {what}" for line, what in command.examples.items())
    usage = f"{command.line} [{command.word.metavar}] {'[flags]' if command.flags else ''}".rstrip()
    about = command.about
    if command is STEPPER:
        usage += f"\n       {PROGRAM} COMMAND ..."
        listed = (f"  {c.name or '(none)':<12}{c.summary}" for c in (STEPPER, *COMMANDS.values()))
        about = "\n".join([about, "\ncommands (each has its own --help):", *listed])
    parser = Parser(
        prog=command.line,
        usage=usage,
        description=about,
        epilog="\n".join(["examples:", *examples]),
        formatter_class=Help,
        add_help=False,
        allow_abbrev=False,
    )
    names = f"; the lessons: {', '.join(lessons.NAMES)}" if command.word.default else ""
    what = parser.add_argument_group("what")
    what.add_argument(
        "word",
        nargs="?",
        metavar=command.word.metavar,
        default=command.word.default,
        help=command.word.help + names,
    )
    for flag in command.word.flags:
        what.add_argument(flag.name, metavar=flag.metavar, help=flag.help)
    for heading, flags in command.flags.items():
        group = parser.add_argument_group(heading)
        for flag in flags:
            if flag.repeatable:
                group.add_argument(flag.name, metavar=flag.metavar, help=flag.help, action="append")
            elif flag.metavar:
                group.add_argument(flag.name, metavar=flag.metavar, help=flag.help)
            else:
                group.add_argument(flag.name, action="store_true", help=flag.help)
    rest = parser.add_argument_group("about the program")
    rest.add_argument("-h", "--help", action="store_true", help="show this, and end")
    rest.add_argument("--version", action="store_true", help="show the version, and end")
    return parser


def arranged(argv: Sequence[str]) -> tuple[Command, list[str]]:
    """The command, and all arguments but its word, each value joined to its flag.

    Joined (--x=-1,0), a value may start with a minus, and is never taken for the command.
    """
    command, flags, words, waiting = STEPPER, [], [], list(argv)
    while waiting:
        argument = waiting.pop(0)
        if argument == "--":
            words += waiting
            break
        if not argument.startswith("-"):
            words.append(argument)
        elif argument in SWITCHES or "=" in argument or not waiting or _is_flag(waiting[0]):
            flags.append(argument)
        else:
            flags.append(f"{argument}={waiting.pop(0)}")
    if words[:1] == ["help"]:  # as git and others have it
        words.pop(0)
        flags.append("--help")
    if words and words[0] in COMMANDS:
        command = COMMANDS[words.pop(0)]
    return command, [*flags, "--", *words]


def _is_flag(argument: str) -> bool:
    return argument.startswith("--") or argument in SWITCHES


def checked(command: Command, arguments: argparse.Namespace, extra: Iterable[str]) -> None:
    """Each flag's text replaced by its value. Raises CommandError with all that is wrong."""
    faults = [superfluous(command, argument) for argument in extra if argument != "--"]
    for flag in command.all_flags:
        text = getattr(arguments, flag.attribute)
        try:
            if text is None:
                value = flag.default
            else:
                value = tuple(map(flag.read, text)) if flag.repeatable else flag.read(text)
            setattr(arguments, flag.attribute, value)
        except ValueError as error:
            faults.append(f"{flag.name} {error}")
    if faults:
        raise CommandError(*faults)


def superfluous(command: Command, argument: str) -> str:
    """Why an argument has no place on this command's line."""
    if not argument.startswith("-"):
        return f"one {command.word.metavar} is enough: {quoted(argument)} is one too many"
    name = argument.partition("=")[0]
    for other in (STEPPER, *COMMANDS.values()):
        if name in {flag.name for flag in other.all_flags}:
            return f'there is no flag {name} here, but "{other.line}" has it'
    known = [*(flag.name for flag in command.all_flags), *SWITCHES]
    begun = [flag for flag in known if flag.startswith(name)]
    meant = hint(name, begun or known) or f"; {command.line} --help lists all"
    return f"there is no flag {quoted(name)}{meant}"


def run(argv: Sequence[str]) -> int:
    command, rest = arranged(argv)
    parser = parser_of(command)
    arguments, extra = parser.parse_known_args(rest)
    if arguments.help:
        write([parser.format_help()])
        return FINE
    if arguments.version:
        write([f"{PROGRAM} {exports.version()}\n"])
        return FINE
    if command is STEPPER and not is_experiment(arguments.word):
        kinds = {"command": tuple(COMMANDS), "lesson": lessons.NAMES}
        raise CommandError(unknown(arguments.word, kinds))
    checked(command, arguments, extra)
    return command.run(arguments)


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 fine, 1 a check failed, 2 the command or the experiment is wrong."""
    open_streams()
    try:
        return run(sys.argv[1:] if argv is None else argv)
    except CommandError as error:
        complain(*error.faults)
        return WRONG
    except MemoryError:
        complain("there is not enough memory for this experiment")
        return WRONG
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # `trace | head` has read enough
        return FINE
    finally:
        close_stdout()


if __name__ == "__main__":
    sys.exit(main())
