"""Law 7: the engine is free of the screen; and inside of it, the arrow runs one way."""

import ast
import subprocess
import sys
from pathlib import Path

import backprop_tui.engine

ENGINE = Path(backprop_tui.engine.__file__).parent
PROBE = """
import importlib, pkgutil, sys
import backprop_tui.engine as engine
modules = [m.name for m in pkgutil.walk_packages(engine.__path__, engine.__name__ + ".")]
for module in modules:
    importlib.import_module(module)
assert len(modules) > 9, modules
print(*(m for m in ("textual", "rich", "backprop_tui.tui") if m in sys.modules))
"""


def test_in_a_fresh_process_the_engine_imports_neither_textual_nor_rich() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_files_may_know_the_learner_and_both_the_mathematics_which_knows_neither() -> None:
    level = {"engine": 0, "learner": 1, "files": 2}
    arrows = {
        (path.parent.name, package)
        for path in ENGINE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("backprop_tui.engine")
        for package in (node.module or "").split(".")[2:3]
        if package in level
    }
    assert arrows
    assert all(level[of] >= level[to] for of, to in arrows), arrows
