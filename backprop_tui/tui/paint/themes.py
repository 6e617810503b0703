"""Colours, each with one meaning, as theme variables: dark, light, any of Textual's own themes.

Blue is plus and orange is minus, nothing else; green goes forward, magenta backward, yellow
updates; red, reversed, with ✗ is wrong. The hues were simulated for colour-blind eyes.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.color import Color, ColorParseError
from textual.theme import Theme

DARK = {
    "ink-positive": "#6CB6FF",
    "ink-negative": "#FFB000",
    "phase-forward": "#34C77B",
    "phase-backward": "#E58AF0",
    "phase-update": "#F2E85C",
    "wrong": "#FF6B6B",
    "quiet": "#9A9A9A",
}
LIGHT = {
    "ink-positive": "#0050A0",
    "ink-negative": "#8A4500",
    "phase-forward": "#006B3C",
    "phase-backward": "#8A1C9A",
    "phase-update": "#6B5E00",
    "wrong": "#B00020",
    "quiet": "#5F5F5F",
}

LOOKS: dict[str, tuple[str, str]] = {
    "positive": ("ink-positive", ""),
    "negative": ("ink-negative", ""),
    "target": ("", "reverse"),
    "read": ("", "underline"),
    "uncomputed": ("quiet", "dim"),
    "stale": ("", "dim"),
    "wrong": ("wrong", "reverse"),
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
    "cursor": ("", "bold reverse"),
    "chosen": ("", "bold"),
}
"""How each meaning looks: a variable of the theme, and a manner that NO_COLOR leaves."""

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

ENOUGH = 4.5
"""The contrast at which WCAG 2 (AA) calls text readable."""
GROUNDS = ("background", "surface")
"""What the meanings' colours stand on: panels, and the sheets over them."""
MIDDLE = 0.18
"""The luminance from which black is told from better than white."""


def hues(theme: Theme) -> dict[str, str]:
    """The meanings' colours on a theme's grounds, each as near to its own hue as can be read.

    A theme whose ground is the terminal's own (ansi) says only whether that is dark.
    """
    if theme in THEMES:
        return DARK if theme.dark else LIGHT
    generated = theme.to_color_system().generate()
    try:
        grounds = [Color.parse(generated[name]) for name in GROUNDS]
    except ColorParseError:
        grounds = []
    if theme.ansi or not grounds:
        return DARK if theme.dark else LIGHT
    dark = luminance(grounds[0]) < MIDDLE
    return {k: readable(hue, grounds, dark) for k, hue in (DARK if dark else LIGHT).items()}


def readable(hue: str, grounds: Sequence[Color], dark: bool) -> str:
    """`hue`, as little lightened (on dark grounds) or darkened as makes it readable on all."""
    own, extreme = Color.parse(hue), Color.parse("white" if dark else "black")
    for percent in range(0, 100, 5):
        colour = own.blend(extreme, percent / 100)
        if all(contrast(colour, ground) >= ENOUGH for ground in grounds):
            return colour.hex
    return extreme.hex


def luminance(colour: Color) -> float:
    """Relative luminance as WCAG 2 defines it: 0 is black, 1 is white."""
    channels = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized
    )
    r, g, b = channels
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: Color, other: Color) -> float:
    """From 1 (the same) to 21 (black and white)."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)
