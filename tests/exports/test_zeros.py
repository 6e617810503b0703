"""Nothing that people read has a zero with a sign: −0.000 stands for no number of a run."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from backprop_tui.exports.formats import FORMATS, Format, Wanted
from backprop_tui.files.experiment_file import load
from backprop_tui.model.experiment import read_only
from backprop_tui.run.timeline import Timeline

SIGNED_ZERO = re.compile(r"[−-]0(\.0*)?(?![\d.eE])")
READ = [f for f in FORMATS.values() if f.name not in ("numpy", "torch")]


@pytest.mark.parametrize("kind", READ, ids=lambda f: f.name)
def test_no_export_has_a_signed_zero(kind: Format) -> None:
    article = load("article")
    small = {s: read_only(np.full(shape, -1e-5)) for s, shape in SHAPES.items()}
    initial = replace(article.initial, given=small)
    run = Timeline(replace(article, initial=initial, questions=(), published=()))
    text = "".join(kind.texts(run, Wanted(iterations=1)))
    assert text
    assert not SIGNED_ZERO.findall(text)


SHAPES = {"W1": (3, 3), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)}
