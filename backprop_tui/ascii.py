"""Every sign in ASCII: one table, for a screen that lacks signs and for text in such an encoding.

On the screen a spelling is as wide as its sign, so that nothing moves; in running text it may be
longer. Which terminals lack signs is told here as well; how a screen is painted is not known.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Mapping

SPELT = (
    "-−⁻–—─▔▃",
    ".·∙⋅▂",
    "o∘○□",
    "x×",
    "/÷",
    "r√",
    "*∗⊙⊗▆",
    "T⊤",
    "G◇",
    "~±≈…",
    "'′‘’",
    "tᵀ",  # a T would make another name of A1ᵀ
    "h½",
    "d∂",
    "I∞",
    "S∑Σ⇧",
    "!≠",
    "<≤◀◂←⌫‹",
    ">≥▸▶→›",
    "aα",
    "Bβ",  # b is a bias
    "eε",
    "nη",
    "lλ",
    "sσ",
    "wω",
    "DΔ",
    "^ŷ▴↑↗▲",
    ":•⋮░",  # as <, • would compare the number behind it
    "=✓━▄",  # ✓: beside a number, that it is as printed
    "X✗",
    "O●",
    "#◆▋▊▉█■▪",
    "V▼",
    "v▾↓",
    "J⏎",
    '"“”„▀',
    "|│┃▏▎▍▌▐▕‖",
    "_▁",
    "+▅",
    "%▇▒▓",
)
"""A character, and behind it the signs that it stands for on a screen."""

SIGNS = {sign: spelt[0] for spelt in SPELT for sign in spelt[1:]}
"""A sign, and the one character that stands for it on a screen."""

IN_FULL = SIGNS | {
    "·": "*",
    "±": "+-",
    "ᵀ": "^T",
    "²": "^2",
    "½": "1/2",
    "∞": "inf",
    "≠": "!=",
    "≤": "<=",
    "≥": ">=",
    "α": "alpha",
    "β": "beta",
    "σ": "sigma",
    "ŷ": "y^",
    "←": "<-",
    "→": "->",
    "✓": "ok",
    "…": "...",
}
"""The same in running text, where there is room."""

SPELLED = "spelled"
"""The error handler for encodings that spells the signs which an encoding lacks."""


def spelled(error: UnicodeError) -> tuple[str, int]:
    """The signs that an encoding lacks in ASCII, and where the text goes on."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(IN_FULL.get(sign, "?") for sign in lacking), error.end


codecs.register_error(SPELLED, spelled)


def encodable(text: str, encoding: str) -> str:
    """The text in signs that the encoding has, so that its width can be measured."""
    return text.encode(encoding, SPELLED).decode(encoding)


TOGETHER = {
    r"(?<=1)0(?=[⁻⁰¹²³⁴-⁹])": "e",  # 10⁻³
    r"  −∞": "-inf",
    r"  ∞": "inf",
    r"½·": ".5",
    r"² ": "^2",
    r"≠ ": "!=",
    r"≤ ": "<=",
    r"≥ ": ">=",
    r"← ": "<-",
    r"→ ": "->",
    r" … ": "...",
    r"  ±": " +-",
    r"(?<![^\s─━│]) ⌫ ": "BS ",
    r"(?<![^\s─━│]) ⏎ ": "CR ",
    r"(?<![^\s─━│\d]) ✓ (?!as printed)": "ok ",
    r"  ⇧": " S-",
}
"""Signs that are spelled better with the spaces beside them: as wide as what is found."""
FOUND = re.compile("|".join(f"({found})" for found in TOGETHER))
SPELLINGS = tuple(TOGETHER.values())

WIDER = re.compile(
    r"(ᵀ|ŷ|[←→≠≤≥](?= )|(?<!\S)✓(?= (?!as printed)))"  # a sign
    r"((?:\S| (?=\S))*)"  # what stands behind it, as far as words follow each other
    r" (?= |$)"  # the first of several blanks
)
"""Signs that are spelled in full where the line has a blank to spare behind them."""

LEVEL = 0.5
"""By how many dots a level stroke falls at most from a braille pattern's left to its right."""


def as_wide(line: str) -> str:
    """A line of a screen in ASCII, each character of it one column wide, as many as before."""
    if line.isascii():
        return line
    before = ""
    while line != before:  # a blank each
        before = line
        line = WIDER.sub(lambda found: f"{IN_FULL[found[1]]}{found[2]}", line)
    line = FOUND.sub(lambda found: SPELLINGS[(found.lastindex or 1) - 1], line)
    return "".join(char if char.isascii() else letter(char) for char in line)


def letter(sign: str) -> str:
    """The one character that stands for a sign: é is e, and what nobody can spell is a ?."""
    if sign in SIGNS:
        return SIGNS[sign]
    if "\u2800" <= sign <= "\u28ff":
        return stroke(ord(sign) - 0x2800)
    if "\u2500" <= sign <= "\u257f":  # what is left of boxes: corners and crossings
        return "+"
    first = unicodedata.normalize("NFKD", sign)[0]
    return SIGNS.get(first, first if first.isascii() else "?")


def stroke(dots: int) -> str:
    """The character that looks most like a braille pattern's dots: a piece of an edge, mostly."""
    rows = (0, 1, 2, 6), (3, 4, 5, 7)  # the bits of each column, downwards
    left, right = ([y for y, bit in enumerate(bits) if dots >> bit & 1] for bits in rows)
    every = [*left, *right]
    if not every:
        return " "
    if len(every) == 1:
        return "." if every[0] > 1 else "'"
    if not left or not right:
        return "|"
    if len(every) > 5:
        return "#"
    lean = sum(right) / len(right) - sum(left) / len(left)
    if abs(lean) > LEVEL:
        return "\\" if lean > 0 else "/"
    return "+" if max(every) - min(every) > 1 else "_" if min(every) > 1 else "-"


CONSOLES = re.compile("linux|vt[0-9]|cons25|sun|ansi$")
"""How TERM begins where there are a few hundred signs at most, and no braille."""
UTF_8 = re.compile("utf-?8", re.IGNORECASE)


def lacks_signs(environ: Mapping[str, str], encoding: str) -> bool:
    """Whether a terminal takes ASCII alone, as far as its environment and its encoding tell.

    A locale that is not set, or C in LANG alone, tells nothing: Python takes it as UTF-8.
    """
    forced = environ.get("LC_ALL", "")
    told = forced in ("C", "POSIX") or ("." in forced and not UTF_8.search(forced))
    console = CONSOLES.match(environ.get("TERM", ""))
    return bool(console or told or not UTF_8.fullmatch(encoding))
