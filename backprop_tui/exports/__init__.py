"""Exports: what leaves the program as text, read off the engine and nothing else.

Here is what they share: the version that they state, a network in a few words, and how signs are
spelled where a terminal's encoding lacks them. No export knows of the screen or the command line.
"""

from __future__ import annotations

import codecs
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # --version imports this package, and must not wait for NumPy
    from backprop_tui.engine.experiment import Network

SIGNS = {
    "−": "-",
    "·": "*",
    "∘": "o",
    "×": "x",
    "′": "'",
    "ᵀ": "^T",
    "²": "^2",
    "½": "1/2",
    "σ": "sigma",
    "α": "alpha",
    "∂": "d",
    "∞": "inf",
    "←": "<-",
    "…": "...",
    "⋮": ":",
    "–": "-",
    "“": '"',
    "”": '"',
    "’": "'",
}


def spelled(error: UnicodeError) -> tuple[str, int]:
    """An error handler for encodings: the signs that one lacks, in ASCII. No −0.264 as ?0.264."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign, "?") for sign in lacking), error.end


codecs.register_error("spelled", spelled)


def version() -> str:
    """The version of this program; "unknown" where it runs without being installed."""
    from importlib import metadata  # a tenth of the start, and only --version and traces ask

    try:
        return metadata.version("backprop-tui")
    except metadata.PackageNotFoundError:
        return "unknown"


def activations_in_words(network: Network) -> str:
    """2 × relu, softmax"""
    runs = [(name, len(list(same))) for name, same in groupby(network.activations)]
    return ", ".join(name if n == 1 else f"{n} × {name}" for name, n in runs)
