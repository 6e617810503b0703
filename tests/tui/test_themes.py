"""Colours: every meaning can be read on its ground, as WCAG 2 measures contrast."""

from __future__ import annotations

import re

import pytest
from textual.theme import Theme

from backprop_tui.tui.themes import DARK, LIGHT, THEMES

ENOUGH = 4.5
"""WCAG 2, level AA, for text of any size."""


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, from 0 (black) to 1 (white)."""
    assert re.fullmatch("#[0-9A-F]{6}", colour)
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_it_is_defined() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("meaning", sorted(DARK))
def test_every_hue_can_be_read(theme: Theme, meaning: str) -> None:
    assert theme.background
    assert theme.surface
    for ground in (theme.background, theme.surface):
        assert contrast(theme.variables[meaning], ground) >= ENOUGH


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_plain_text_can_be_read(theme: Theme) -> None:
    assert theme.foreground
    for ground in (theme.background, theme.surface, theme.panel):
        assert ground
        assert contrast(theme.foreground, ground) >= ENOUGH


@pytest.mark.parametrize("hues", [DARK, LIGHT], ids=["dark", "light"])
def test_no_two_meanings_share_a_colour(hues: dict[str, str]) -> None:
    assert len(set(hues.values())) == len(hues)


def test_both_grounds_have_every_meaning() -> None:
    assert DARK.keys() == LIGHT.keys()
    assert [theme.dark for theme in THEMES] == [True, False]
