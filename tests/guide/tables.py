"""The guide's tables of what the program has: keys, words, flags, keys of a file, lessons.

A table is found by the first cell of its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from backprop_tui import guide, lessons
from backprop_tui.cli.commands import COMMANDS as PROGRAM_COMMANDS
from backprop_tui.cli.commands import EXPERIMENT, STEPPER
from backprop_tui.cli.flags import CODE, OVERRIDES
from backprop_tui.exports.formats import FORMATS
from backprop_tui.files.experiment_file import ExperimentError, load, read_experiment
from backprop_tui.files.sections import described
from backprop_tui.files.settings import SETTINGS
from backprop_tui.learn.mistakes import CATALOGUE
from backprop_tui.maths.expressions import Call, Name
from backprop_tui.maths.functions import FUNCTIONS, LOSSES, PRIMITIVES, Primitive, a, y
from backprop_tui.maths.numpy_calls import OPERATIONS
from backprop_tui.maths.rules import RULES, WITHOUT, rule_of
from backprop_tui.maths.writing import text
from backprop_tui.session.commands import COMMANDS

GROUPS = {
    "time": "moving in time",
    "why": "asking why",
    "screen": "what is shown",
    "program": "the program",
}
TABLE = re.compile(r"^\| ([^|]+) \|[^\n]*\n\|[-| ]+\|\n(?:\|[^\n]*\n)*", re.MULTILINE)


def table(*rows: tuple[str, ...]) -> str:
    """A table in Markdown; the first row is its head."""
    head, *others = rows
    lines = [head, ("---",) * len(head), *others]
    return "".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines
    )


def code(text: str) -> str:
    return f"`{text}`" if text else ""


def keys(group: str) -> str:
    """The keys of a group of commands."""
    own = [c for c in COMMANDS if c.group == group and c.keys]
    return table((GROUPS[group], "what it does"), *((code(c.written), c.does) for c in own))


def words() -> str:
    """What can be typed in words."""
    typed = (
        (code(f"{c.words[0]} {c.takes}".strip()), c.telling or c.does) for c in COMMANDS if c.words
    )
    return table(("in words", "what it does"), *typed)


def commands() -> str:
    """The commands of the command line."""
    all_of_them = [STEPPER, *PROGRAM_COMMANDS.values()]
    rows = ((code(c.with_words), c.summary) for c in all_of_them)
    return table(("command", "what it does"), *rows)


def flags(name: str) -> str:
    """The flags that a command has of its own."""
    command = {"backprop-tui": STEPPER, **PROGRAM_COMMANDS}[name]
    own = (option for option in chain.from_iterable(command.flags.values()))
    return table((f"flags of `{name}`", "what they do"), *((code(o.form), o.help) for o in own))


def experiment_flags() -> str:
    """The flags of every command that opens an experiment."""
    head = ("flags of an experiment", "what they do")
    return table(head, *((code(o.form), o.help) for o in (CODE, *OVERRIDES)))


def sections() -> dict[str, str]:
    """The keys of an experiment file, a table for each of its sections."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for path, must, usual, about in described():
        top, dot, key = path.partition(".")
        name = "at the top" if not dot else f"[[{top[:-2]}]]" if top.endswith("[]") else f"[{top}]"
        found.setdefault(name, []).append((code(key or top), must, code(usual), about))
    heads = ("must be", "left out", "about")
    return {
        name: table((code(name) if "[" in name else name, *heads), *rows)
        for name, rows in found.items()
    }


def settings() -> str:
    """The keys of the settings."""
    rows = ((code(name), key.kind.must, key.about) for name, key in SETTINGS.keys.items())
    return table(("setting", "must be", "about"), *rows)


def formats() -> str:
    return table(("`--as`", "what it is"), *((code(f.name), f.about) for f in FORMATS.values()))


def mistakes() -> str:
    return table(
        ("mistake", "what it is"), *((code(m.name), m.sentence) for m in CATALOGUE.values())
    )


def lesson_table() -> str:
    opened = [load(name) for name in lessons.NAMES]
    rows = ((code(e.name), e.network.sizes, e.title, e.teaches) for e in opened)
    return table(("lesson", "layers", "title", "teaches"), *rows)


def functions() -> str:
    """What formulas may call, with the rule that backpropagation uses."""
    operations = (rule for kind, rule in RULES.items() if not isinstance(kind, str))
    rows = [
        (code(rule.statement[4:].partition(":")[0]), rule.name, code(rule.statement))
        for rule in operations
        if rule is not RULES[Call]
    ]
    rows += map(_primitive, PRIMITIVES.values())
    for name, f in FUNCTIONS.items():
        follows = (
            f"{f.symbol}′(z) = {text(f.derivative)}" if f.derivative else RULES[name].statement
        )
        also = f" or {code(f'{name}(z)')}" if f.symbol != name else ""
        rows.append((code(f"{f.symbol}(z)") + also, code(text(f.value)), code(follows)))
    rows += [(code(f"{n}(a, y)"), code(text(OPERATIONS[n][1](a, y))), "derived") for n in LOSSES]
    return table(("in a formula", "what it computes", "rule"), *rows)


def _primitive(p: Primitive) -> tuple[str, str, str]:
    """A row for a function that NumPy computes."""
    values = "kab" if p.name == "where" else "abc"[: p.values.start]
    call = Call(p.name, tuple(map(Name, values)))
    of = {"row": "of each row", "column": "of each column", "matrix": "of all elements"}
    folded = "largest" if p.fold == "max" else p.fold
    what = f"{folded} {of[p.over]}" if p.over else "element by element"
    rule = (
        "none: for data, and in conditions" if p.name in WITHOUT else code(rule_of(call).statement)
    )
    return code(text(call)), what, rule


RNN = re.compile(r"^```toml rnn.toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WRONG = (
    ("+ b", "+ bb"),
    ("tanh(Z{t})", "tahn(Z{t})"),
    ("Wx·X{t}", "Wx·H{t}"),
    ("Wx = [2, 2]", "Wx = [3, 2]"),
    ("V = [1, 2]", "V = [2, 1]"),
    ("O = ", "dH3 = "),
    ("half_squared_error(O, Y)", "H3"),
    ("tanh(Z{t})", "Z{t} − col_max(Z{t})"),
    ("L = ", "M = "),
    ("to = 3", "to = 900"),
    ("[parameters]", "[network]\n[parameters]"),
)
"""Changes that make the guide's RNN one that is refused."""


def refused() -> str:
    """What is said of each of these changes."""
    (right,) = RNN.findall(guide.text("networks"))
    rows = []
    for old, new in WRONG:
        assert old in right, old
        try:
            read_experiment(right.replace(old, new, 1), "rnn", "rnn.toml")
        except ExperimentError as error:
            rows.append((code(old), code(new.replace("\n", " ")), error.faults[0]))
    assert len(rows) == len(WRONG)
    return table(("instead of", "there is", "the message"), *rows)


def tables() -> dict[str, str]:
    """Every table, by the first cell of its head."""
    made: Iterator[str] = chain(
        map(keys, GROUPS),
        (
            words(),
            commands(),
            experiment_flags(),
            settings(),
            formats(),
            mistakes(),
            functions(),
            refused(),
            lesson_table(),
        ),
        sections().values(),
        (flags(name) for name, c in PROGRAM_COMMANDS.items() if c.flags),
        (flags("backprop-tui"),),
    )
    return {TABLE.match(text)[1]: text for text in made}  # type: ignore[index]


def refreshed(page: str) -> str:
    """A page with each of these tables as it has to be."""
    known = tables()
    return TABLE.sub(lambda found: known.get(found[1], found[0]), page)


__all__ = ["EXPERIMENT", "TABLE", "refreshed", "tables"]
