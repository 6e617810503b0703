"""The bundled experiments, one TOML file each, in the order in which they teach.

Only names and texts: `files` reads a lesson as an experiment.
"""

from itertools import pairwise
from pathlib import Path

NAMES = tuple(
    "neuron article one-input han-kamber mazur too-large batch xor zeros softmax "
    "saturation vanishing dead-relu ai-by-hand l2 momentum residual rnn attention".split()
)
BEYOND = "l2"
"""The first lesson of the second part, beyond the article."""
DEFAULT = "article"
"""The lesson that is opened where none is named."""


def text(name: str) -> str:
    """A lesson's file as it stands: comments, layout and all."""
    if name not in NAMES:
        raise KeyError(name)
    # Beside this file: importlib.resources would find it as well, and cost the start 8 ms.
    return Path(__file__).with_name(f"{name}.toml").read_text(encoding="utf-8")


def after(name: str) -> str | None:
    """The lesson to go on with; None after the last one, or after what is no lesson."""
    return dict(pairwise(NAMES)).get(name)
