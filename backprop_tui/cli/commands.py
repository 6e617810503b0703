"""The table of commands: what each is called and takes, what --help says of it, and what it runs.

Parsing, help and completion read it; a new command is one entry here and the function that it runs.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from backprop_tui import guide, lessons
from backprop_tui.cli import lazy
from backprop_tui.cli.flags import (
    ALLOW_HOST,
    AS,
    AS_DERIVATION,
    ASCII,
    ASK,
    BLANKS,
    CODE,
    COMPARED_ITERATION,
    COPIES,
    DECIMALS,
    ELEMENTS,
    FORMAT,
    HISTORY,
    HOST,
    ITERATION,
    ITERATIONS,
    KEY,
    MAX_PER_ADDRESS,
    MAX_SESSIONS,
    OUTPUT,
    OVERRIDES,
    OVERWRITE,
    PLAIN,
    PLATEAU,
    PORT,
    RECORD,
    RESUME,
    SAMPLE,
    SAVE,
    SIX_DECIMALS,
    THEME,
    UNICODE,
    UNTIL_BATCH_LOSS,
    UNTIL_LOSS,
    Option,
)
from backprop_tui.cli.stepping import list_lessons, serve, show_guide, step_through
from backprop_tui.cli.streams import PROGRAM

EXPERIMENT = Option(
    "word EXPERIMENT",
    "a lesson's name, or a file: it has a path separator or ends in .toml "
    f"(default: {lessons.DEFAULT}); the lessons: {', '.join(lessons.NAMES)}",
    default=lessons.DEFAULT,
)


@dataclass(frozen=True)
class Subcommand:
    """What one word of the command line does; `run` gives the exit status."""

    name: str  # empty: the stepper, which needs none
    summary: str
    about: str
    word: Option  # the word that it takes
    flags: Mapping[str, tuple[Option, ...]]  # its own, under the headings that --help has
    examples: Mapping[str, str]
    run: Callable[[argparse.Namespace], int]
    second: Option | None = None  # a word that may follow
    needs: str = ""  # the metavar of the word that must be there

    @property
    def words(self) -> tuple[Option, ...]:
        """The words that it takes."""
        return (self.word, *([self.second] if self.second else []))

    @property
    def line(self) -> str:
        """The command as it is typed."""
        return f"{PROGRAM} {self.name}".rstrip()

    @property
    def with_words(self) -> str:
        """The command with the words that it takes."""
        words = (w.metavar if w.metavar == self.needs else f"[{w.metavar}]" for w in self.words)
        return " ".join([self.line, *words])

    @property
    def groups(self) -> dict[str, tuple[Option, ...]]:
        """All its flags under their headings, with those of the experiment where it opens one."""
        if self.word is not EXPERIMENT:
            return {"what": (), **self.flags}
        what = (CODE, *self.flags.get("what", ()))
        return {**self.flags, "what": what, "changes to the experiment": OVERRIDES}

    @property
    def options(self) -> tuple[Option, ...]:
        """All its flags, under whatever heading."""
        return tuple(chain.from_iterable(self.groups.values()))


STEPPER = Subcommand(
    name="",
    summary="step through an experiment on the screen",
    about="A debugger for backpropagation: step through forward, loss, backward and\n"
    "update of a small network, one operation at a time, and see where every number\n"
    "comes from.",
    word=EXPERIMENT,
    flags={
        "what": (RESUME,),
        "what is shown": (DECIMALS, THEME, PLAIN, ASCII, UNICODE),
        "what is asked": (ASK, RECORD),
    },
    examples={
        PROGRAM: "the first lesson",
        f"{PROGRAM} mazur --decimals 4": "another one",
        f"{PROGRAM} ./trace.toml": "a file of your own",
        f'{PROGRAM} --layers 2,2,1 --x "-1,1" --y 1': "a network of your own",
    },
    run=step_through,
)
COMMANDS = {
    command.name: command
    for command in (
        Subcommand(
            name="lessons",
            summary="list the lessons, or print the file of one",
            about="Without a name, the bundled lessons in a table. With a name, that lesson's\n"
            "file, to start an experiment of your own from.",
            word=Option("word NAME", "the lesson whose file to print", values=lessons.NAMES),
            flags={},
            examples={
                f"{PROGRAM} lessons": "which there are",
                f"{PROGRAM} lessons mazur > mine.toml": "a copy to change",
            },
            run=list_lessons,
        ),
        Subcommand(
            name="trace",
            summary="write every step and its value as text",
            about="Every step of a run and the value that it gives, written to stdout as it is\n"
            "computed. A run that diverges ends there and says so.",
            word=EXPERIMENT,
            flags={
                "what is written": (ITERATIONS, FORMAT, DECIMALS),
            },
            examples={
                f"{PROGRAM} trace": "the first lesson",
                f"{PROGRAM} trace mazur --decimals 9": "digits to compare",
                f"{PROGRAM} trace mine.toml --format markdown > mine.md": "a handout",
                f"{PROGRAM} trace --format jsonl | jq .value": "for programs",
            },
            run=lambda arguments: lazy.trace(arguments),
        ),
        Subcommand(
            name="check",
            summary="check every gradient, and the figures that were published",
            about="Every gradient against central differences, with the worst cell of each; then\n"
            "the figures that the experiment's source has printed, beside the computed ones.\n"
            "The exit status is 1 where a gradient or a figure differs, else 0; figures known\n"
            "to be wrong in their source never fail.",
            word=EXPERIMENT,
            flags={
                "what is checked": (ITERATION, SAMPLE),
                "what is shown": (SIX_DECIMALS,),
            },
            examples={
                f"{PROGRAM} check mazur": "a worked example's figures",
                f"{PROGRAM} check mine.toml --iteration 100": "after some training",
                f"{PROGRAM} check large.toml --sample 50": "some cells of many",
            },
            run=lambda arguments: lazy.check(arguments),
        ),
        Subcommand(
            name="train",
            summary="train at full speed, and save where it stopped",
            about="Iterations at full speed, from the step of the experiment. It stops when they\n"
            "are done, at --until-loss, at a --plateau, where the run diverges or at ctrl-c,\n"
            "and always reports the result: a table, and with --save and --history files.\n"
            "A saved file opens at the very same state; iterations before it are\n"
            "replayed. The exit status is 1 where the run diverged, or where the loss that\n"
            "was asked for was not reached.",
            word=EXPERIMENT,
            flags={
                "when it stops": (
                    replace(
                        ITERATIONS,
                        help="at most so many iterations (default: 1,000, or an epoch if that "
                        "is longer; 1,000,000 where a loss or a plateau is waited for)",
                        default=None,
                    ),
                    UNTIL_LOSS,
                    UNTIL_BATCH_LOSS,
                    PLATEAU,
                ),
                "what is kept": (SAVE, HISTORY, OVERWRITE),
                "what is shown": (SIX_DECIMALS,),
            },
            examples={
                f"{PROGRAM} train --until-loss 0.01": "the first lesson",
                f"{PROGRAM} train mine.toml --save run.toml": "to be opened there",
                f"{PROGRAM} train run.toml --iterations 500": "500 more",
                f"{PROGRAM} train mine.toml --history loss.csv": "a loss a line",
            },
            run=lambda arguments: lazy.train(arguments),
        ),
        Subcommand(
            name="derive",
            summary="derive gradients line by line",
            about="The derivation of a gradient, from the chain rule to the formula of its step,\n"
            "each line with the rule that leads to it. Without SYMBOL, of every gradient in\n"
            "the order of the backward pass.",
            word=EXPERIMENT,
            second=Option("second SYMBOL", "a gradient, such as dZ2 (default: all)"),
            flags={"what is written": (AS_DERIVATION, ELEMENTS)},
            examples={
                f"{PROGRAM} derive": "every gradient of the first lesson",
                f"{PROGRAM} derive softmax dZ2 --elements": "one, with its sums",
                f"{PROGRAM} derive --as html > d.html": "a page",
            },
            run=lambda arguments: lazy.derive(arguments),
        ),
        Subcommand(
            name="compare",
            summary="compare your own arrays with a run: the first wrong step, and why",
            about="Arrays that your own code computed, beside the steps of a run. X, Y and\n"
            "parameters in the file are what the run begins with. The first step that\n"
            "differs is named, with the mistake that gives it where one does; what only\n"
            "follows from it is told apart. FILE is an archive of np.savez (.npz), or JSON\n"
            "with lists. The exit status is 0 where all arrays agree, 1 where one differs,\n"
            "2 where the file is wrong.",
            word=EXPERIMENT,
            second=Option("second FILE", "the arrays: mine.npz or mine.json"),
            needs="FILE",
            flags={"what is compared": (COMPARED_ITERATION,)},
            examples={
                f"{PROGRAM} compare mine.npz": "with the first lesson",
                f"{PROGRAM} compare batch mine.json": "with another one",
                f"{PROGRAM} compare net.toml mine.npz --iteration 3": "a later one",
            },
            run=lambda arguments: lazy.compare(arguments),
        ),
        Subcommand(
            name="export",
            summary="write a run as a script, a document or a worksheet",
            about="A run as a script, as a document that works every step out, or as sheets to\n"
            "fill in by hand. All of it is read off the same expressions as the screen, so\n"
            "the numbers are the same.",
            word=EXPERIMENT,
            flags={
                "what is written": (AS, ITERATIONS, DECIMALS, BLANKS, COPIES),
                "where to": (OUTPUT, KEY, OVERWRITE),
            },
            examples={
                f"{PROGRAM} export --as numpy > run.py": "a script",
                f"{PROGRAM} export mazur --as html --output mazur.html": "a page",
                f"{PROGRAM} export --as worksheet --copies 30 --output w.html": "a class",
            },
            run=lambda arguments: lazy.export(arguments),
        ),
        Subcommand(
            name="serve",
            summary="step through it in a browser, for a whole class",
            about="A page on which each visitor steps through the experiment, by keys and mouse,\n"
            "in a session of its own that ends with the page. Only this machine reaches it,\n"
            "unless --host says otherwise. Visitors choose among the lessons, and can neither\n"
            "open nor write a file here.",
            word=EXPERIMENT,
            flags={
                "who can come": (HOST, ALLOW_HOST, PORT, MAX_SESSIONS, MAX_PER_ADDRESS),
                "what is shown": (DECIMALS,),
                "what is asked": (ASK,),
            },
            examples={
                f"{PROGRAM} serve": "the first lesson, for this machine",
                f"{PROGRAM} serve mazur --host 0.0.0.0": "for the classroom",
                f"{PROGRAM} serve --port 0": "at any free port",
                f"{PROGRAM} serve --allow-host my.site": "behind a proxy of that name",
            },
            run=serve,
        ),
        Subcommand(
            name="help",
            summary="read the guide: keys, lessons, own networks, teaching and more",
            about="Without a topic, a list of them. With one, that page of the guide; with the\n"
            "name of a command, what the command takes.",
            word=Option(
                "word TOPIC", "a topic of the guide, or a command", values=(*guide.TOPICS,)
            ),
            flags={},
            examples={
                f"{PROGRAM} help": "which topics there are",
                f"{PROGRAM} help teaching": "three plans for a class",
                f"{PROGRAM} help train": "what a command takes",
            },
            run=show_guide,
        ),
        Subcommand(
            name="completion",
            summary="print a script for completion in a shell",
            about="A script for bash, zsh or fish that completes commands, flags, their values,\n"
            "lessons and experiment files.",
            word=Option("word SHELL", "bash, zsh or fish", values=("bash", "zsh", "fish")),
            flags={},
            examples={
                f"source <({PROGRAM} completion bash)": "in ~/.bashrc",
                f'eval "$({PROGRAM} completion zsh)"': "in ~/.zshrc, after compinit",
                f"{PROGRAM} completion fish | source": "in config.fish",
            },
            run=lambda arguments: lazy.complete(arguments),
        ),
    )
}
