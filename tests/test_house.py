"""The house: its wings, the arrows between them, and that no two modules import each other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
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
WINGS = ("messages", "lessons", "maths", "model", "run", "explain", "learn", "files")
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
        for other in imports(module)
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
