"""Law 7: the engine is free of the screen, and of all that it is drawn with."""

import subprocess
import sys

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
