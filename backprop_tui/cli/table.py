"""The table of commands: a command is one entry, and help, completion and README read it.

What they do is told in `commands`.
"""

from __future__ import annotations

from backprop_tui.cli.commands import (
    Command,
    Word,
    check,
    complete,
    export,
    list_lessons,
    serve,
    step_through,
    trace,
    train,
)
from backprop_tui.cli.flags import (
    ALLOW_HOST,
    AS,
    ASCII,
    ASK,
    BLANKS,
    CHECK_DECIMALS,
    CODE,
    COPIES,
    DECIMALS,
    EXPORT_ITERATIONS,
    EXPORT_OVERWRITE,
    FORMAT,
    HISTORY,
    HOST,
    ITERATION,
    ITERATIONS,
    KEY,
    MAX_SESSIONS,
    MORE_ITERATIONS,
    OUTPUT,
    OVERRIDES,
    OVERWRITE,
    PLAIN,
    PLATEAU,
    PORT,
    RECORD,
    SAMPLE,
    SAVE,
    TRAIN_DECIMALS,
    UNICODE,
    UNTIL_LOSS,
)
from backprop_tui.cli.streams import (
    PROGRAM,
)

EXPERIMENT = Word(
    "EXPERIMENT",
    "a lesson's name, or a file: it has a path separator or ends in .toml (default: article)",
    "article",
    (CODE,),
)
CHANGES = "changes to the experiment"

STEPPER = Command(
    name="",
    summary="step through an experiment on the screen",
    about="A debugger for backpropagation: step through forward, loss, backward and\n"
    "update of a small network, one operation at a time, and see where every number\n"
    "comes from.",
    word=EXPERIMENT,
    flags={
        CHANGES: OVERRIDES,
        "what is shown": (DECIMALS, PLAIN, ASCII, UNICODE),
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
        Command(
            name="lessons",
            summary="list the lessons, or print the file of one",
            about="Without a name, the bundled lessons in a table. With a name, that lesson's\n"
            "file, to start an experiment of your own from.",
            word=Word("NAME", "the lesson whose file to print", None),
            flags={},
            examples={
                f"{PROGRAM} lessons": "which there are",
                f"{PROGRAM} lessons mazur > mine.toml": "a copy to change",
            },
            run=list_lessons,
        ),
        Command(
            name="trace",
            summary="write every step and its value as text",
            about="Every step of a run and the value that it gives, written to stdout as it is\n"
            "computed. A run that diverges ends there and says so.",
            word=EXPERIMENT,
            flags={
                "what is written": (ITERATIONS, FORMAT, DECIMALS),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} trace": "the first lesson",
                f"{PROGRAM} trace mazur --decimals 9": "digits to compare",
                f"{PROGRAM} trace mine.toml --format markdown > mine.md": "a handout",
                f"{PROGRAM} trace --format jsonl | jq .value": "for programs",
            },
            run=trace,
        ),
        Command(
            name="check",
            summary="check every gradient, and the figures that were published",
            about="Every gradient against central differences, with the worst cell of each; then\n"
            "the figures that the experiment's source has printed, beside the computed ones.\n"
            "The exit status is 1 where a gradient or a figure differs, else 0; figures known\n"
            "to be wrong in their source never fail.",
            word=EXPERIMENT,
            flags={
                "what is checked": (ITERATION, SAMPLE),
                "what is shown": (CHECK_DECIMALS,),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} check mazur": "a worked example's figures",
                f"{PROGRAM} check mine.toml --iteration 100": "after some training",
                f"{PROGRAM} check large.toml --sample 50": "some cells of many",
            },
            run=check,
        ),
        Command(
            name="train",
            summary="train at full speed, and save where it stopped",
            about="Iterations at full speed, from where the experiment stands. It stops when they\n"
            "are done, at --until-loss, at a --plateau, where the run diverges or at ctrl-c,\n"
            "and in every case keeps what it has: a table of what came of it, --save and\n"
            "--history. A saved file opens at the very same state; iterations before it are\n"
            "replayed. The exit status is 1 where the run diverged, or where the loss that\n"
            "was asked for was not reached.",
            word=EXPERIMENT,
            flags={
                "when it stops": (MORE_ITERATIONS, UNTIL_LOSS, PLATEAU),
                "what is kept": (SAVE, HISTORY, OVERWRITE),
                "what is shown": (TRAIN_DECIMALS,),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} train --until-loss 0.01": "the first lesson",
                f"{PROGRAM} train mine.toml --save run.toml": "to be opened there",
                f"{PROGRAM} train run.toml --iterations 500": "500 more",
                f"{PROGRAM} train mine.toml --history loss.csv": "a loss a line",
            },
            run=train,
        ),
        Command(
            name="export",
            summary="write a run as a script, a document or a worksheet",
            about="A run as a script, as a document that works every step out, or as sheets to\n"
            "fill in by hand. All of it is read off the same expressions as the screen, so\n"
            "the numbers are the same.",
            word=EXPERIMENT,
            flags={
                "what is written": (AS, EXPORT_ITERATIONS, DECIMALS, BLANKS, COPIES),
                "where to": (OUTPUT, KEY, EXPORT_OVERWRITE),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} export --as numpy > run.py": "a script",
                f"{PROGRAM} export mazur --as html --output mazur.html": "a page",
                f"{PROGRAM} export --as worksheet --copies 30 --output w.html": "a class",
            },
            run=export,
        ),
        Command(
            name="serve",
            summary="step through it in a browser, a class at once",
            about="A page on which each visitor steps through the experiment, by keys and mouse,\n"
            "in a session of its own that ends with the page. This machine alone reaches it,\n"
            "unless --host says otherwise. Visitors choose among the lessons, and can neither\n"
            "open nor write a file here.",
            word=EXPERIMENT,
            flags={
                "who can come": (HOST, ALLOW_HOST, PORT, MAX_SESSIONS),
                "what is shown": (DECIMALS,),
                "what is asked": (ASK,),
                CHANGES: OVERRIDES,
            },
            examples={
                f"{PROGRAM} serve": "the first lesson, for this machine",
                f"{PROGRAM} serve mazur --host 0.0.0.0": "for the classroom",
                f"{PROGRAM} serve --port 0": "at any free port",
                f"{PROGRAM} serve --allow-host my.site": "behind a proxy of that name",
            },
            run=serve,
        ),
        Command(
            name="completion",
            summary="print what makes a shell complete this command line",
            about="A script for bash, zsh or fish that completes commands, flags, their values,\n"
            "lessons and experiment files.",
            word=Word("SHELL", "bash, zsh or fish", None, choices=("bash", "zsh", "fish")),
            flags={},
            examples={
                f"source <({PROGRAM} completion bash)": "in ~/.bashrc",
                f'eval "$({PROGRAM} completion zsh)"': "in ~/.zshrc, after compinit",
                f"{PROGRAM} completion fish | source": "in config.fish",
            },
            run=complete,
        ),
    )
}
