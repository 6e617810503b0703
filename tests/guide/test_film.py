"""The moving picture of README: every frame is shown for its time, and no other."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from tests.screenshots import joined

HEAD = """<svg xmlns="http://www.w3.org/2000/svg">
    <style>
{styles}
    </style>
    <defs></defs>
    <g transform="translate(26,22)"></g>
    <g transform="translate(9, 41)">
    {body}</g></svg>"""
TEXT = re.compile(r'<text class="(s\d+)" x="0" y="(\d+)">(\w)</text>')


def frame(letters: str) -> str:
    """A picture of letters below each other; each letter has a class of its own in it."""
    styles = "\n".join(f"    .film-r{k} {{ fill: #{x}{x}{x} }}" for k, x in enumerate(letters))
    texts = "".join(
        f'<text class="film-r{k}" x="0" y="{k}">{x}</text>' for k, x in enumerate(letters)
    )
    return HEAD.format(styles=styles, body=texts)


def seen(film: str, share: float) -> str:
    """The letters that are visible when that share of the film is over."""
    found: dict[int, tuple[str, str]] = {}
    for group, content in re.findall(r'<g class="(f\d+)">(.*?)</g>', film):
        steps = re.search(rf"@keyframes {group} {{(.*)}}\n", film)
        state = "visible"
        for at, now in re.findall(r"([\d.]+)% { visibility: (\w+) }", steps[1] if steps else ""):
            if float(at) <= 100 * share:
                state = now
        if state == "visible":
            found |= {int(y): (style, letter) for style, y, letter in TEXT.findall(content)}
    for style, letter in found.values():
        assert f".{style} {{ fill: #{letter * 3} }}" in film
    return "".join(found[y][1] for y in sorted(found))


@given(st.lists(st.tuples(st.text("abc", min_size=3, max_size=3), st.integers(1, 9)), min_size=1))
def test_in_the_middle_of_its_time_a_frame_is_what_is_seen(frames: list[tuple[str, int]]) -> None:
    letters, seconds = zip(*frames, strict=True)
    film = joined([frame(each) for each in letters], seconds)
    begun = 0
    for each, lasts in frames:
        assert seen(film, (begun + lasts / 2) / sum(seconds)) == each
        begun += lasts
