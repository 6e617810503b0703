"""The commands for people: to step on the screen, in words or in browsers, and to read the guide
and the lessons."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator

from backprop_tui import guide, lessons
from backprop_tui.ascii import encodable, lacks_signs
from backprop_tui.cli import lazy
from backprop_tui.cli.flags import ASK, CODE, DECIMALS, OVERRIDES
from backprop_tui.cli.streams import (
    FINE,
    INTERRUPTED,
    PROGRAM,
    STOPPED,
    CommandError,
    complain,
    write,
)
from backprop_tui.exports.figures import plain_table, printed
from backprop_tui.messages import typed


def step_through(arguments: argparse.Namespace) -> int:
    """The screen; no garbage is looked for before its first frame: what is made till then stays."""
    if arguments.plain:
        return in_words(arguments)
    if is_dumb():
        complain("TERM=dumb: stepping in words, as with --plain")
        return in_words(arguments)
    gc.disable()
    try:
        return on_the_screen(arguments)
    finally:
        gc.enable()


def on_the_screen(arguments: argparse.Namespace) -> int:
    """The stepper; what it has to say when it is left is printed then."""
    experiment = lazy.opened(arguments)
    if (trouble := no_terminal()) is not None:
        raise CommandError(
            f"{trouble}, and stepping needs one; "
            f'"{PROGRAM} trace {typed(experiment.source)}" writes the same steps as text, and '
            f'"{PROGRAM} --plain {typed(experiment.source)}" reads commands, one a line'
        )
    lacking = lacks_signs(os.environ, sys.stderr.encoding) and not arguments.unicode
    spelled = arguments.ascii or lacking
    preferred = lazy.preferences()
    decimals = lazy.decimals_of(arguments, experiment, preferred)
    app = lazy.BackpropApp(
        experiment, decimals, ascii_only=spelled, autosaves=True, preferred=preferred
    )
    app.session.remember_theme = lazy.remember_theme
    if arguments.resume:
        lazy.resumed(app.session)
    if arguments.record is not None:
        app.session.record = record_in(arguments.record)
    last_words = app.run()
    if last_words is not None:
        write([f"{encodable(last_words, 'ascii') if spelled else last_words}\n"])
    return app.return_code or FINE


def in_words(arguments: argparse.Namespace) -> int:
    """The stepper without a screen: lines are read and lines are printed."""
    experiment = lazy.opened(arguments)
    record = None if arguments.record is None else record_in(arguments.record)
    preferred = lazy.preferences()
    decimals = lazy.decimals_of(arguments, experiment, preferred)
    try:
        lazy.run(
            experiment, decimals, lambda text: write([text]), record, arguments.resume, preferred
        )
    except KeyboardInterrupt:  # it has said its last words
        return INTERRUPTED
    return FINE


def record_in(path: str) -> lazy.Record:
    """The file that answers are kept in. Raises CommandError where it cannot be written."""
    try:
        return lazy.Record(path)
    except lazy.SaveError as error:
        raise CommandError(f"--record: {error}") from None


def no_terminal() -> str | None:
    """Which end of the program is not a terminal; None where both are."""
    for stream, what in ((sys.stdin, "the input"), (sys.stdout, "the output")):
        if not stream.isatty():
            return f"{what} is not a terminal"
    return None


def is_dumb() -> bool:
    """Whether the terminal can do no more than print lines."""
    return os.environ.get("TERM") == "dumb" and no_terminal() is None


def serve(arguments: argparse.Namespace) -> int:
    """The stepper in browsers, a process for each, until a signal says stop."""
    try:
        new_server = lazy.Server
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("backprop_tui", "textual"):
            raise
        raise CommandError(
            f'serve needs the package {error.name}: pip install "{PROGRAM}[web]" brings it'
        ) from None
    experiment = lazy.opened(arguments)
    kept = (*OVERRIDES, DECIMALS, CODE, ASK)
    wanted = {f.attribute: getattr(arguments, f.attribute) for f in kept}
    described = {"word": arguments.word, **wanted}
    served = new_server(
        described,
        arguments.max_sessions,
        arguments.host,
        arguments.allow_host,
        arguments.max_per_address,
    )

    def ready(address: str) -> None:
        what = typed(experiment.source)
        write([f"{what} is served at {address} (ctrl-c ends it and all sessions)\n"])
        if not lazy.is_loopback(arguments.host):
            complain(
                f"whoever reaches {address} can step through this experiment and the lessons, "
                f"{served.most} at once; no file is read or written for them, and nothing is "
                "encrypted"
            )

    try:
        return STOPPED + lazy.serve(served, arguments.port, ready)
    except OSError as error:
        raise CommandError(lazy.trouble(error, arguments.host, arguments.port)) from None


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
