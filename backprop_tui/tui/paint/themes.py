"""Colours, each with one meaning, as theme variables of the dark and the light theme.

Blue is plus and orange is minus, nothing else; green goes forward, magenta backward, yellow
updates; red, reversed, with ✗ is wrong, and pale red with ~ is wrong because of what it reads. The
hues were simulated for colour-blind eyes.
"""

from __future__ import annotations

from textual.theme import Theme

DARK = {
    "ink-positive": "#6CB6FF",
    "ink-negative": "#FFB000",
    "phase-forward": "#34C77B",
    "phase-backward": "#E58AF0",
    "phase-update": "#F2E85C",
    "wrong": "#FF6B6B",
    "carried": "#C98A8A",
    "quiet": "#9A9A9A",
}
LIGHT = {
    "ink-positive": "#0050A0",
    "ink-negative": "#8A4500",
    "phase-forward": "#006B3C",
    "phase-backward": "#8A1C9A",
    "phase-update": "#6B5E00",
    "wrong": "#B00020",
    "carried": "#94525E",
    "quiet": "#5F5F5F",
}

LOOKS: dict[str, tuple[str, str]] = {
    "positive": ("ink-positive", ""),
    "negative": ("ink-negative", ""),
    "target": ("", "reverse"),
    "read": ("", "underline"),
    "faint": ("quiet", "dim"),
    "uncomputed": ("quiet", "dim"),
    "stale": ("quiet", "dim"),
    "wrong": ("wrong", "reverse"),
    "carried": ("carried", ""),
    "crossed": ("wrong", "bold"),
    "label": ("", "bold"),
    "mark": ("", "bold"),
    "rule": ("quiet", ""),
    "title": ("", "bold"),
    "forward": ("phase-forward", ""),
    "backward": ("phase-backward", ""),
    "update": ("phase-update", ""),
    "key": ("", "bold"),
    "quiet": ("quiet", ""),
    "strong": ("", "bold"),
    "note": ("", "italic"),
    "lit": ("", "bold"),
    "cursor": ("", "bold reverse"),
    "chosen": ("", "bold"),
}
"""How each meaning looks: a variable of the theme, and a manner that NO_COLOR leaves."""
DULL = ("uncomputed", "stale")
"""What is read though it is dull: its colour alone says so where there are more than sixteen, since
what a terminal dims cannot be read on every ground."""

THEMES = (
    Theme(
        name="backprop-dark",
        primary="#E0E0E0",
        foreground="#E4E4E4",
        background="#121212",
        surface="#1C1C1C",
        panel="#262626",
        error=DARK["wrong"],
        dark=True,
        variables=DARK,
    ),
    Theme(
        name="backprop-light",
        primary="#303030",
        foreground="#1A1A1A",
        background="#FCFCFC",
        surface="#F0F0F0",
        panel="#E4E4E4",
        error=LIGHT["wrong"],
        dark=False,
        variables=LIGHT,
    ),
)
