"""The command that lists the lessons, or prints the file of one."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from backprop_tui import lessons
from backprop_tui.cli import lazy
from backprop_tui.cli.streams import FINE, CommandError, write
from backprop_tui.exports.figures import plain_table, printed


def list_lessons(arguments: argparse.Namespace) -> int:
    """All lessons in a table, or one lesson's file as it stands."""
    name = arguments.word
    if name is None:
        write(lesson_table())
    elif name in lessons.NAMES:
        write([lessons.text(name)], document=True)
    else:
        raise CommandError(lazy.unknown(name, {"lesson": lessons.NAMES}, opens_files=False))
    return FINE


def lesson_table() -> Iterator[str]:
    """The lessons' numbers, names, layers, titles and what they teach, two lines each."""
    table = plain_table()
    table.add_column("", justify="right", no_wrap=True)
    for heading in ("lesson", "layers", "what it teaches"):
        table.add_column(heading, no_wrap=True)
    for number, name in enumerate(lessons.NAMES, 1):
        lesson = lazy.load(name)
        about = lazy.Text(f"{lesson.title}\n", "bold").append(lesson.teaches, "not bold")
        table.add_row(str(number), lazy.Text(name, "bold"), lesson.network.sizes, about)
    yield printed(lazy.Console(highlight=False), table).rstrip() + "\n"
