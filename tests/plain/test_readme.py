"""The session that README shows is what a session says."""

from __future__ import annotations

import re
from pathlib import Path

from tests.plain.session import Typed

README = Path(__file__).parents[2] / "README.md"


def test_the_session_in_readme_is_a_real_one() -> None:
    (shown,) = re.findall(r"^```\n(> .*?)^```", README.read_text("utf-8"), re.M | re.S)
    typed = Typed("mazur", decimals=4)
    for exchange in re.split(r"^> ", shown, flags=re.M)[1:]:
        line, *told = exchange.splitlines()
        assert typed(line) == told, line
