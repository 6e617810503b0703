"""The house: its wings, the arrows between them, no circles, and no role read out of letters."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

import backprop_tui

PACKAGE = Path(backprop_tui.__file__).parent
MODULES = {
    ".".join(("backprop_tui", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
WINGS = ("messages", "lessons", "guide", "maths", "model", "run", "explain", "learn", "files")
"""From the ground up: a module imports from its own wing and those named before it. All others
are faces: they stand on every wing."""
PROBE = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module(module)
print(*(m for m in ("textual", "rich", "backprop_tui.tui") if m in sys.modules))
"""


def imports(module: str) -> Iterator[str]:
    """The modules of the package that a module imports, inside functions and for types as well."""
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        match node:
            case ast.ImportFrom(module=str(base), names=parts):
                for part in parts:
                    name = f"{base}.{part.name}"
                    yield from {name if name in MODULES else base} & MODULES.keys()
            case ast.Import(names=parts):
                yield from {part.name for part in parts} & MODULES.keys()


def wing(module: str) -> int | None:
    """The level of a module's wing, from 0; None for the faces."""
    name = module.split(".")[1] if "." in module else ""
    return WINGS.index(name) if name in WINGS else None


def test_a_wing_knows_only_those_it_stands_on() -> None:
    levels = {module: wing(module) for module in MODULES}
    below = [
        (module, other)
        for module, level in levels.items()
        if level is not None
        for other in {*imports(module)} - {"backprop_tui"}  # which Python imports before them
        if (to := levels[other]) is None or to > level
    ]
    assert below == []


def test_no_modules_import_each_other() -> None:
    graph = {module: set(imports(module)) - {module, "backprop_tui"} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail(" → ".join(circle.args[1]))


def test_in_a_fresh_process_the_wings_import_neither_textual_nor_rich() -> None:
    modules = [module for module in MODULES if wing(module) is not None]
    assert len(modules) > 30
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *modules], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize("module", [m for m in MODULES if m.endswith(".lazy")])
def test_every_name_imported_for_types_alone_is_there_when_it_is_asked_for(module: str) -> None:
    """Also where a formatter has broken its line."""
    source = ast.parse(MODULES[module].read_text(encoding="utf-8"))
    blocks = [node for node in source.body if isinstance(node, ast.If)]
    named = [n.name for block in blocks for part in block.body for n in getattr(part, "names", ())]
    assert named
    for name in named:
        assert getattr(import_module(module), name)


# Roles: what a symbol is, is asked of the program

MAY_READ_LETTERS = {
    "backprop_tui.model.layers",
    "backprop_tui.model.algorithm",
    *(f"backprop_tui.maths.{notation}" for notation in ("writing", "spellings", "mathml", "words")),
}
"""The modules that make symbols out of letters and numbers, and those that read and write them."""
SYMBOL = re.compile(r"[XYLJ]|(?:[vs]c?)?d?[WbZA]\d+|d[WbZA]|[vs]c?d[WbZA]\d*")
LETTER = re.compile(r"[WbZAd]|[vs]c?d?|[vsd]{2,3}|0?123456789")
BEFORE_NUMBER = re.compile(r"(?:^|[^\w\\])(?:[vs]c?)?(?:d|d?[WbZA])$")
"""The end of an f-string's text that makes a symbol of what is put in behind it: W{layer}."""
CLASS = re.compile(r"\[(?=[WbZAdvs]{2})[WbZAdvs]+\]")
"""A regular expression's class of the letters of symbols."""
STRIPS = {"startswith", "endswith", "removeprefix", "removesuffix", "lstrip", "rstrip", "strip"}


def letters_read(source: str, keys: frozenset[str] = frozenset()) -> list[str]:
    """The pieces of a module's code that make symbols, or read roles out of them.

    `keys` are strings that it may use because they are no symbols there.
    """
    tree = ast.parse(source)
    return [ast.unparse(node) for node in ast.walk(tree) if _reads_letters(node, keys)]


def _reads_letters(node: ast.AST, keys: frozenset[str]) -> bool:
    match node:
        case ast.JoinedStr(parts):  # f"W{layer}"
            ends = (next(_strings(part), "") for part in parts[:-1])
            return any(map(BEFORE_NUMBER.search, ends))
        case ast.Call(ast.Attribute(attr=method), [ast.Constant(str(text)), *_]) if (
            method in STRIPS and (LETTER.fullmatch(text) or SYMBOL.fullmatch(text))
        ):
            return True  # symbol.startswith("b")
        case ast.Call(ast.Name("int"), [ast.Subscript(slice=ast.Slice(lower=ast.Constant()))]):
            return True  # int(symbol[1:])
        case ast.Subscript(ast.Name("symbol") | ast.Attribute(attr="symbol")):
            return True  # symbol[0], step.symbol[1:]
        case ast.Compare(left, _, comparators):  # symbol == "L", "b" in symbol
            texts = [text for side in (left, *comparators) for text in _strings(side)]
            named = any(ast.unparse(side).endswith("symbol") for side in (left, *comparators))
            return any(_is_symbol(s, keys) or (named and LETTER.fullmatch(s)) for s in texts)
        case ast.Subscript(slice=ast.Constant(str(text))):  # shapes["Y"]
            return _is_symbol(text, keys)
        case ast.Dict(names):  # {"X": inputs}
            return any(_is_symbol(text, keys) for name in names for text in _strings(name))
        case ast.Tuple(elements) | ast.Set(elements) | ast.List(elements):
            return any(_is_symbol(text, keys) for e in elements for text in _strings(e))
        case ast.Call(ast.Attribute() | ast.Name("Name" | "Cell"), [ast.Constant(str(text)), *_]):
            return _is_symbol(text, keys)  # state.value("L"), Name("X")
        case ast.Constant(str(text)):  # a regular expression: [Wb]\d+
            return CLASS.search(text) is not None
    return False


def _is_symbol(text: str, keys: frozenset[str]) -> bool:
    return text not in keys and SYMBOL.fullmatch(text) is not None


def _strings(node: ast.AST | None) -> Iterator[str]:
    """A string, or those of a tuple, list or set."""
    match node:
        case ast.Constant(str(text)):
            yield text
        case ast.Tuple(elements) | ast.List(elements) | ast.Set(elements):
            for element in elements:
                yield from _strings(element)


def test_no_role_is_read_out_of_the_letters_of_a_symbol() -> None:
    data = frozenset({"X", "Y"})
    found = {
        module: letters
        for module, path in MODULES.items()
        if module not in MAY_READ_LETTERS
        # A file's [data] has the keys X and Y.
        and (
            letters := letters_read(
                path.read_text(encoding="utf-8"),
                data if module.startswith("backprop_tui.files.") else frozenset(),
            )
        )
    }
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        'f"W{layer}"',
        'f"dZ{layer + 1}"',
        'f"the gradient d{symbol}"',
        'f"vd{symbol}"',
        "int(name[1:])",
        "symbol[0]",
        "step.symbol[1:]",
        'symbol.startswith("W")',
        'symbol.removeprefix("d")',
        'symbol.rstrip("0123456789")',
        'name.lstrip("vsd")',
        're.match(r"[Wb]\\d+", symbol)',
        're.match(r"[vs]c?(?=d)", symbol)',
        'symbol == "L"',
        'symbol in ("X", "Y")',
        '"b" in symbol',
        'shapes["Y"]',
        'state.value("L")',
        'Name("W1")',
        '{"X": inputs}',
    ],
)
def test_every_way_to_read_letters_is_found(code: str) -> None:
    assert letters_read(code)


@pytest.mark.parametrize(
    "code",
    [
        'f"{symbol}[{row},{column}]"',
        'rf"(?:\\d{count}|\\b{word})"',
        'f"bad{number}"',
        'key == "d"',
        'Action("b", "d")',
        "symbol == LOSS",
        'data["X"]',
        "rows[1:]",
        '"[data]"',
    ],
)
def test_what_reads_no_letters_is_left_alone(code: str) -> None:
    assert letters_read(code, frozenset({"X"})) == []
