"""Bring the guide up to date: python -m tests.guide writes its tables, and what commands print."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from tests import conftest as conftest  # first of all: the surroundings, the same everywhere
from tests.guide.pages import BLOCK, Block, corrected
from tests.guide.tables import refreshed

GUIDE = Path(__file__).parents[2] / "backprop_tui" / "guide"


def main() -> None:
    for file in sorted(GUIDE.glob("*.md")):
        page = refreshed(file.read_text("utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for found in BLOCK.finditer(page):
                block = Block(*found.groups())
                if block.language in ("console", "words"):
                    page = page.replace(block.text, corrected(block), 1)
                elif block.language == "python":
                    exec(compile(block.text, block.name, "exec"), {"__name__": "__main__"})
                elif block.name:
                    Path(block.name).write_text(block.text, "utf-8")
            os.chdir(GUIDE)
        if page != file.read_text("utf-8"):
            file.write_text(page, "utf-8")
            print(file.name)


if __name__ == "__main__":
    main()
