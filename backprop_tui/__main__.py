"""The program: `backprop-tui`, or `python -m backprop_tui`.

What was typed is parsed in `cli.parser`; what the commands are stands in `cli.commands`.
"""

from __future__ import annotations

import os
import sys

from backprop_tui import Importing

try:
    with Importing():
        from collections.abc import Sequence

        from backprop_tui import lessons, version
        from backprop_tui.cli import lazy
        from backprop_tui.cli.commands import COMMANDS, STEPPER
        from backprop_tui.cli.parser import checked, command_line
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
except KeyboardInterrupt:  # ctrl-c in the first moment
    sys.exit(130)


def run(argv: Sequence[str]) -> int:
    """Do what a command line says; its exit status. Raises CommandError where it is wrong."""
    parser = command_line(argv)
    given, extra = parser.parse_known_args(argv)
    command = COMMANDS.get(given.command, STEPPER)
    if "help" in given:
        write([parser.commands[command.name].format_help()])
        return FINE
    if "version" in given:
        write([f"{PROGRAM} {version()}\n"])
        return FINE
    if command is STEPPER and not lazy.is_experiment(given.word):
        kinds = {"command": tuple(COMMANDS), "lesson": lessons.NAMES}
        raise CommandError(lazy.unknown(given.word, kinds))
    return command.run(checked(command, given, extra))


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0 fine, 1 a check failed, 2 the command or the experiment is wrong."""
    # NumPy's threads sleep until there is a large product, and use no processor meanwhile.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    try:
        open_streams()
        return run(sys.argv[1:] if argv is None else list(argv))
    except CommandError as error:
        complain(*error.faults)
        return WRONG
    except MemoryError:
        complain("there is not enough memory for this experiment")
        return WRONG
    except KeyboardInterrupt:
        complain("stopped by ctrl-c before the end")
        return INTERRUPTED
    except BrokenPipeError:  # `trace | head` has read enough
        return FINE
    finally:
        close_stdout()


if __name__ == "__main__":
    sys.exit(main())
