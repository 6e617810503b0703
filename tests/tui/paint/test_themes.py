"""Colours: every meaning can be read on its ground, as WCAG 2 measures contrast."""

from __future__ import annotations

import math
import re
from itertools import combinations

import pytest
from rich.color import Color, ColorSystem
from textual.theme import Theme

from backprop_tui.tui.paint.themes import DARK, LIGHT, THEMES
from backprop_tui.tui.terminals import SIXTEEN

ENOUGH = 4.5
"""WCAG 2, level AA, for text of any size."""
APART = 20
"""A distance between colours that nobody overlooks (1 is what an eye just sees)."""
BLIND = {
    "protanopia": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "deuteranopia": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
}
"""What is seen of linear red, green and blue (Machado, Oliveira and Fernandes 2009)."""
SEEN = pytest.mark.parametrize("seen", [None, *BLIND])
INKS, PHASES = ("ink-positive", "ink-negative"), ("phase-forward", "phase-backward", "phase-update")


def linear(colour: str) -> list[float]:
    """How much light of red, green and blue #RRGGBB is."""
    assert re.fullmatch("#[0-9A-Fa-f]{6}", colour)
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]


def luminance(colour: str) -> float:
    """Relative luminance of #RRGGBB, from 0 (black) to 1 (white)."""
    r, g, b = linear(colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_it_is_defined() -> None:
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)


def grounds(theme: Theme) -> list[str]:
    """What a theme's panels and sheets stand on."""
    generated = theme.to_color_system().generate()
    return [generated["background"], generated["surface"]]


def lab(colour: str, seen: str | None) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as these eyes see it."""
    light = linear(colour)
    if seen is not None:
        light = [sum(w * c for w, c in zip(row, light, strict=True)) for row in BLIND[seen]]
    r, g, b = (min(1.0, max(0.0, c)) for c in light)
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089
    x, y, z = (c ** (1 / 3) if c > 0.008856 else 7.787 * c + 4 / 29 for c in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def distance(one: str, other: str, seen: str | None) -> float:
    return math.dist(lab(one, seen), lab(other, seen))


def test_distances_are_measured_as_they_are_defined() -> None:
    assert distance("#000000", "#FFFFFF", None) == pytest.approx(100, abs=0.1)
    assert distance("#FF0000", "#00FF00", None) == pytest.approx(170.6, abs=0.5)
    assert distance("#8A4500", "#2F6B00", "protanopia") < distance("#8A4500", "#2F6B00", None)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("meaning", sorted(DARK))
def test_every_hue_can_be_read(theme: Theme, meaning: str) -> None:
    for ground in grounds(theme):
        assert contrast(theme.variables[meaning], ground) >= ENOUGH


@SEEN
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_plus_and_minus_stay_apart_for_colour_blind_eyes(theme: Theme, seen: str | None) -> None:
    plus, minus = (theme.variables[ink] for ink in INKS)
    assert distance(plus, minus, seen) >= 2 * APART


@SEEN
@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_the_phases_stay_apart_too(theme: Theme, seen: str | None) -> None:
    for one, other in combinations(PHASES, 2):
        assert distance(theme.variables[one], theme.variables[other], seen) >= APART


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("meaning", sorted(DARK))
def test_every_hue_can_be_read_in_256_colours(theme: Theme, meaning: str) -> None:
    def nearest(colour: str) -> str:
        return Color.parse(colour).downgrade(ColorSystem.EIGHT_BIT).get_truecolor().hex

    for ground in grounds(theme):
        assert contrast(nearest(theme.variables[meaning]), nearest(ground)) >= ENOUGH


@pytest.mark.parametrize("hues_", [DARK, LIGHT], ids=["dark", "light"])
def test_in_256_colours_no_two_meanings_are_the_same(hues_: dict[str, str]) -> None:
    numbers = {Color.parse(hue).downgrade(ColorSystem.EIGHT_BIT).number for hue in hues_.values()}
    assert len(numbers) == len(hues_)


@pytest.mark.parametrize("hues_", [DARK, LIGHT], ids=["dark", "light"])
def test_in_sixteen_colours_what_a_colour_tells_is_still_told(hues_: dict[str, str]) -> None:
    """Plus from minus, wrong from both, and each phase from the others and from what is quiet."""
    of = {meaning: SIXTEEN[hue] for meaning, hue in hues_.items()}
    assert len({of[m] for m in (*INKS, "wrong")}) == 3
    assert len({of[m] for m in (*PHASES, "quiet")}) == 4


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
