"""Pictures of the real app for README: python -m tests.screenshots writes screenshots/*.

The SVGs are the same bytes each time: nothing in them depends on the machine, the hour or chance.
The PNG is what Chromium paints of a worksheet; without it, it stays as it is.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

from tests import conftest as conftest  # first of all: the surroundings, the same everywhere
from tests.serve.chromium import CHROMIUM, Tab, chromium, tabs_of, until

FOLDER = Path(__file__).parents[1] / "screenshots"
SMALL, WIDE, HUGE, TALL = (80, 24), (120, 40), (200, 60), (65, 56)
TO_DW2 = ("space",) * 8
TO_DA1 = ("d", "p", "p", *("space",) * 4)

PICTURES: dict[str, tuple[str, tuple[int, int], Sequence[str]]] = {
    "wide": ("article", WIDE, TO_DW2),
    "answered": ("mazur", SMALL, (*TO_DA1, "a", "space", "3")),
    "write": ("article", SMALL, (*TO_DW2[:-1], "f", *"dZ2@A1", "enter")),
    "blackboard": ("article", WIDE, (*TO_DW2[:-1], "x", *("space",) * 5)),
    "softmax": ("softmax", SMALL, (*TO_DW2[:-1], "x", *("space",) * 6)),
    "solved": ("xor", WIDE, ("g", *"loss < 0.02", "enter")),
    "weight": ("xor", SMALL, ("g", "d", "W", "2", "enter", "L")),
    **{
        f"batch{ending}": ("batch", size, ("g", *"dW2", "enter"))
        for ending, size in (("", SMALL), ("-wide", WIDE), ("-huge", HUGE), ("-tall", TALL))
    },
    **{
        f"{lesson}{ending}": (file, size, ("g", *symbol, "enter"))
        for lesson, file, symbol in (
            ("rnn", "rnn", "dWh"),
            ("residual", "residual", "dA1"),
            ("attention", "attention", "dS"),
            ("tied", str(Path(__file__).parent / "formulas" / "tied.toml"), "dW"),
        )
        for ending, size in (("", SMALL), ("-wide", WIDE))
    },
}
FILM: tuple[tuple[Sequence[str], float], ...] = (
    ((), 2.5),
    *((("space",), 1.2),) * 4,
    (("space",), 2.0),  # L
    (("space",), 2.0),  # dA2
    (("space",), 2.5),  # dZ2
    (("x",), 2.0),  # the blackboard, line by line
    *((("space",), 1.8),) * 4,
    (("space",), 3.0),
    (("escape", "space"), 2.5),  # dW2
    (("enter",), 3.0),
    (("escape", "space"), 1.5),  # db2
    (("space",), 2.5),  # dA1
    *((("space",), 1.2),) * 3,
    *((("space",), 2.0),) * 4,  # the update
    (("l",), 3.0),
)
"""The moving picture, an iteration of `article`: keys, and the seconds that what follows stays."""
FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
"""The reader's own: a picture within a page may fetch none."""


async def pictures(lesson: str, size: tuple[int, int], stops: Sequence[Sequence[str]]) -> list[str]:
    """What the app looks like after some keys, then after some more, and so on: an SVG of each."""
    from tests.tui.driver import stepping

    found = []
    async with stepping(lesson, size) as driver:
        for keys in stops:
            await driver.press(*keys)
            await driver.rest()
            found.append(driver.app.export_screenshot(title=f"backprop-tui {Path(lesson).name}"))
    return found


def plain(svg: str, name: str) -> str:
    """A picture that fetches no font. Rich numbers its classes by a checksum of the content; here
    they have the picture's name."""
    svg = re.sub(r"terminal-\d+", name, svg)
    svg = re.sub(r"\s*@font-face \{[^}]*\}", "", svg)
    svg = svg.replace("font-family: Fira Code, monospace", f"font-family: {FONT}")
    return re.sub(r"\s*font-variant-east-asian: full-width;", "", svg)


def joined(frames: Sequence[str], seconds: Sequence[float]) -> str:
    """One SVG that shows the frames after each other, again and again.

    What stands in several frames is written once, with the times at which it is visible. Whoever
    wants no motion sees the last frame.
    """
    looks: dict[str, str] = {}  # a style, and its class
    times: dict[str, set[int]] = {}  # an element, and the frames that it is in
    for number, frame in enumerate(frames):
        styles = dict(re.findall(r"\.film-(r\d+) (\{.*\})", frame))
        classes = {
            name: looks.setdefault(style, f"s{len(looks)}") for name, style in styles.items()
        }
        body = frame[frame.index("<g transform=", frame.index("</g>")) :]
        for element in re.findall(r"<rect [^>]*/>|<text [^>]*>[^<]*</text>", body):
            of_all = re.sub(r'"film-(r\d+)"', lambda found: f'"{classes[found[1]]}"', element)  # noqa: B023
            times.setdefault(of_all, set()).add(number)
    groups: dict[tuple[int, ...], list[str]] = {}
    for element, when in times.items():
        groups.setdefault(tuple(sorted(when)), []).append(element)
    whole, behind = sum(seconds), [sum(seconds[: k + 1]) for k in range(len(seconds))]
    rules = [f".{name} {style}" for style, name in looks.items()]
    drawn = {"rect": "", "text": ""}
    for k, (shown, elements) in enumerate(groups.items()):
        seen = ["visible" if number in shown else "hidden" for number in range(len(frames))]
        if len(shown) < len(frames):
            starts = [0.0, *behind[:-1]]
            steps = "".join(
                f"{100 * start / whole:.2f}% {{ visibility: {state} }} "
                for start, state, before in zip(starts, seen, ["", *seen], strict=False)
                if state != before
            )
            rules += [
                f"@keyframes f{k} {{ {steps}}}",
                f".f{k} {{ visibility: {seen[-1]}; animation: f{k} {whole}s step-end infinite }}",
            ]
        for kind in drawn:
            own = "".join(e for e in elements if e.startswith(f"<{kind}"))
            drawn[kind] += f'<g class="f{k}">{own}</g>\n' if own else ""
    rules.append("@media (prefers-reduced-motion: reduce) { g { animation: none !important } }")
    first = frames[0]
    head = re.sub(r"\.film-r\d+ .*\n", "", first[: first.index("<defs>")])
    frame = first[first.index("<defs>") : first.index("<g transform=", first.index("</g>"))]
    place = re.findall(r"<g transform=[^>]*>", first)[1]
    head = head.replace("</style>", "\n".join(rules) + "\n    </style>")
    return f"{head}{frame}{place}\n{drawn['rect']}{drawn['text']}</g>\n</svg>\n"


async def worksheet(tab: Tab, folder: Path) -> None:
    """A sheet to fill in by hand."""
    await exported(tab, folder / "sheet.html", "worksheet", "article", "--blanks", "dZ2,dW2,dA1")
    await paint(tab, "worksheet")


async def page(tab: Tab, folder: Path) -> None:
    """The document that steps, opened at a step."""
    await exported(tab, folder / "page.html", "html", "xor", at="#dZ2")
    await paint(tab, "page")


async def exported(tab: Tab, file: Path, name: str, *argv: str, at: str = "") -> None:
    from backprop_tui.__main__ import main as program

    program(["export", *argv, "--as", name, "--output", str(file)])
    await tab.open(file.as_uri() + at)
    await until(tab.page_text, lambda said: "0." in said)


PAGES = ((worksheet, (800, 700)), (page, (1280, 900)))


async def paint(tab: Tab, name: str) -> None:
    shot = await tab.tell("Page.captureScreenshot", format="png")
    (FOLDER / f"{name}.png").write_bytes(b64decode(shot["data"]))
    print(f"screenshots/{name}.png")


async def pages(folder: Path) -> None:
    """The pictures of a browser's pages."""
    with chromium(folder / "profile") as address:
        async with tabs_of(address) as tabs:
            for shown, size in PAGES:
                await shown(await tabs.tab(*size, painted=True), folder)


def written(name: str, svg: str) -> None:
    (FOLDER / f"{name}.svg").write_text(svg, "utf-8")
    print(f"screenshots/{name}.svg")


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, (lesson, size, keys) in PICTURES.items():
        (svg,) = asyncio.run(pictures(lesson, size, [keys]))
        written(name, plain(svg, name))
    stops, seconds = zip(*FILM, strict=True)
    frames = asyncio.run(pictures("article", SMALL, stops))
    written("iteration", joined([plain(frame, "film") for frame in frames], seconds))
    if CHROMIUM:
        with tempfile.TemporaryDirectory() as folder:
            asyncio.run(pages(Path(folder)))


if __name__ == "__main__":
    main()
