"""The commands that print what the program brings along: its lessons and its guide."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from backprop_tui import guide, lessons
from backprop_tui.cli import lazy
from backprop_tui.cli.streams import FINE, PROGRAM, CommandError, write
from backprop_tui.exports.figures import plain_table, printed

WIDEST = 100
"""Columns of a page of the guide: longer lines are hard to read."""


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
        if name == lessons.BEYOND:
            table.add_row("", "", "", lazy.Text("Beyond the article", "italic"))
        lesson = lazy.load(name)
        about = lazy.Text(f"{lesson.title}\n", "bold").append(lesson.teaches, "not bold")
        table.add_row(str(number), lazy.Text(name, "bold"), lesson.network.sizes, about)
    yield printed(lazy.Console(highlight=False), table).rstrip() + "\n"


def show_guide(arguments: argparse.Namespace) -> int:
    """The guide's topics, or a page of it; of a command, its help first."""
    word, commands = arguments.word, arguments.parser.commands
    if word is None:
        write(topics(name for name in commands if name))
        return FINE
    if word not in guide.TOPICS and word not in commands:
        kinds = {"topic": tuple(guide.TOPICS), "command": tuple(filter(None, commands))}
        raise CommandError(lazy.unknown(word, kinds, opens_files=False))
    pages = [commands[word].format_help()] if word in commands else []
    if word in guide.TOPICS:
        pages.append(page(guide.text(word)))
    write(["\n".join(pages)], document=True)
    return FINE


def topics(commands: Iterator[str]) -> Iterator[str]:
    """The guide's topics, a line for each, and what else help can be asked for."""
    yield f"{PROGRAM} help TOPIC shows a page of the guide:\n\n"
    for name, about in guide.TOPICS.items():
        yield f"  {name:<12}{about}\n"
    yield f"\n{PROGRAM} help COMMAND shows what a command takes: {', '.join(commands)}\n"


def page(markdown: str) -> str:
    """A page of the guide as a terminal shows it; the Markdown itself where there is none."""
    if not sys.stdout.isatty() or os.environ.get("TERM") == "dumb":
        return markdown
    plain = lazy.Theme({"markdown.code": "bold"})  # on any ground
    console = lazy.Console(highlight=False, theme=plain)
    console.width = min(console.width, WIDEST)
    return printed(console, lazy.Markdown(markdown, hyperlinks=False))
