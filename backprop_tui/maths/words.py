"""Words: formulas, numbers and sentences as they are spoken, without signs, for screen readers.

They pass over − and -, or read a dash, so a minus is the word minus. WORDS is a table of signs for
the writer; `spoken` replaces the signs in a sentence.
"""

from __future__ import annotations

import re

from backprop_tui.maths.expressions import Cell
from backprop_tui.maths.functions import FUNCTIONS, PRIMITIVES, sign_of
from backprop_tui.maths.writing import GREEK, Notation, plain_number

SIGNS = {
    "−": "minus ",
    "×": " times ",
    "·": " times ",
    "∘": " times, element by element, ",
    "²": " squared",
    "ᵀ": " transposed",
    "½": "one half",
    "√": " square root of ",
    "′": " prime",
    "Σ": "sum of ",
    "σ": "sigma",
    "α": "alpha",
    "β": "beta ",
    "ε": "epsilon",
    "λ": "lambda ",
    "ŷ": "y hat",
    "Δ": "change of ",
    "∞": "infinity",
    "∂": "d",
    "±": " plus or minus ",
    "=": " equals ",
    "≠": " is not ",
    "≈": " is about ",
    "≤": " is at most ",
    "≥": " is at least ",
    "<": " is less than ",
    ">": " is more than ",
    "←": " becomes ",
    "→": " to ",
    "↑": "up",
    "↓": "down",
    "✓": "correct:",
    "✗": "not correct:",
    "–": " to ",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""How a sign in a sentence is spoken."""
NUMBER = r"\d+(?:[.,]\d+)*"
SPOKEN = {
    **{name: name for name in PRIMITIVES},
    **{f.symbol: f.name for f in FUNCTIONS.values()},
}
"""The functions' names, by how sentences write them: row_sums, σ."""
NAMED = "|".join(map(re.escape, SPOKEN))
CALL = re.compile(rf"(?<!\w)({NAMED})(?:\(([^(){{}}]*)\)|(?=\{{))")
PARENTHESES = re.compile(r"\(([^()]*)\)")
SAYS = rf"(?<!\w)(?!(?:derivative|{NAMED})(?!\w))[a-z]{{4}}"
OPERATION = re.compile(r"\S [-−+·×∘/] \S")
FORMULA = re.compile(rf"(?!.*{SAYS}).*{OPERATION.pattern}", re.DOTALL)
"""Text with an operation and no word: a formula. (One example: no 1/m.) is a remark."""
# Each begins where a word does: tried within it, a long word would take its length squared.
DERIVATIVES = (
    (re.compile(r"\b(?:derivative )?(\w+)′\((\w+(?:\[\w+,\w+\])?)\)"), r"derivative of \1 at \2"),
    (re.compile(r"\b(?:derivative )?(\w+)′(?=\()"), r"derivative of \1 at "),
    (re.compile(r"\b(?:derivative )?(\w+)′"), r"derivative of \1"),
)
ASIDE = re.compile(r"\? \((.*)\)")
"""What stands behind a question, which says it once more in signs: (∂L/∂Z1[1,1])."""
RAISED = re.compile(r"(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
POWERS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
INDICES = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
INDEXED = r"\w+(?:\[[\w,]*\])?"
PROSE = (  # in this order, before signs are said one by one
    (re.compile(r"(?<![\w)\]}])ᵀ"), "transpose"),
    (re.compile(r"\b([a-z]\w+)\(([A-Z]\w*(?:\[\w+,\w+\])?)\)"), r"\1 of \2"),  # one's own
    (
        re.compile(rf"∂({INDEXED})/∂({INDEXED})"),
        r"derivative of \1 with respect to \2",
    ),
    (re.compile(r"\b(\w+)\[(\w+),\s*(\w+)\]…\[(\w+),\s*(\w+)\]"), r"\1[\2,\3] to row \4 column \5"),
    (re.compile(r"\[(\w+),\s*(\w+)\]"), r" row \1 column \2"),
    (re.compile(r"(?<=\w)\[([a-z])\]"), r" \1"),  # A[j], of any example
    (re.compile(r"\[([a-z])=([a-z])\]"), r"1 where \1 is \2, otherwise 0"),
    (re.compile(rf"(?<!\d)({NUMBER})e[-−]0*(\d+)"), r"\1 e minus \2"),
    (re.compile(rf"(?<!\d)({NUMBER})e\+?0*(\d+)"), r"\1 e \2"),
    (re.compile(r"(?<=\d)(?=α)"), " "),
    (re.compile(r"(?<=\b[A-Zα]) ?{|(?<=\d) ?{"), " times {"),
    (re.compile(r"{"), "open parenthesis "),
    (re.compile(r"}"), " close parenthesis"),
    (re.compile(r"(?<=[\w)])\s*/\s*(?=[\w(√])"), " over "),
    (re.compile(rf"(?<=[×·/+−] )\(([-−]{NUMBER})\)"), r"\1"),
    (re.compile(r"(?<=[\s(])[-−](?=\d)"), "minus "),
    (re.compile(r"\s[-−]\s"), " minus "),
    (re.compile(r"\s\+\s"), " plus "),
    (re.compile(r"(?<=\s)--(?=\w)"), "dash dash "),
    (re.compile(r",\s…,"), ", and so on to"),
    (re.compile(r",\s…\sand\s"), ", and so on, and "),
    (re.compile(r"\s…\s"), " and so on "),
    (re.compile(r"(\d)×(\d)"), r"\1 by \2"),  # a shape
)


def spoken(prose: str) -> str:
    """A sentence without signs: A1 row 2 column 1 equals minus 0.5, for A1[2,1] = −0.5."""
    prose = ASIDE.sub(lambda a: f"? {'That is the ' * (a[1][0] == '∂')}{a[1]}.", prose)
    prose = RAISED.sub(_raised, f" {prose}").translate(INDICES)
    for found, said in DERIVATIVES:
        prose = found.sub(said, prose)
    prose = re.sub(r"(?<=derivative of )\w+", lambda name: name[0].replace("_", " "), prose)
    done = ""
    while done != prose:  # a call in a call
        done, prose = prose, CALL.sub(_called, _with_formulas(prose))
    for found, said in PROSE:
        prose = found.sub(said, prose)
    said = "".join(SIGNS.get(sign, sign) for sign in prose)
    return re.sub(r"\s+([.,;:?])(?!\w)", r"\1", " ".join(said.split()))


def sentence(prose: str) -> str:
    """A sentence without signs, with a capital and a full stop; a symbol or a file's name at its
    beginning stays as it is."""
    said = spoken(prose)
    if re.match(r"(a|[a-z]{2,})(?=[\s,:])", said):
        said = said[0].upper() + said[1:]
    return said if said.endswith((".", "?", "!", ":")) else f"{said}."


def _raised(power: re.Match[str]) -> str:
    """0.25⁶ as 0.25 to the 6; a square has a sign of its own."""
    sign, digits = power.groups()
    if power[0] == "²":
        return "²"
    return f" to the {'minus ' if sign else ''}{digits.translate(POWERS)}"


def _with_formulas(prose: str) -> str:
    """The same with { } for the parentheses of formulas, which are spoken; not of remarks."""
    done = ""
    while done != prose:
        done = prose
        prose = PARENTHESES.sub(lambda p: f"{{{p[1]}}}" if FORMULA.match(p[1]) else p[0], prose)
    return prose


def _called(call: re.Match[str]) -> str:
    """Row sums of dZ2, for row_sums(dZ2); row sums, for row_sums(…), the function itself."""
    template, argument = _call(SPOKEN[call[1]]), call[2]
    if template.count("*") > 1:
        template = f"{call[1]} of *"
    if argument is None:
        return template.replace("*", "")
    if argument == "…":
        return template.removesuffix(" of *")
    return template.replace("*", f"{{{argument}}}" if OPERATION.search(argument) else argument)


def figure_in_words(figure: str) -> str:
    """A figure as it is spoken: minus 4.39 e minus 4, for −4.39e−4."""
    if figure == "NaN":
        return "not a number"
    if found := re.fullmatch(r"(.+)e([-−]?)\+?0*(\d+)", figure):
        figure = f"{found[1]} e {found[2]}{found[3]}"
    return re.sub("[-−]", "minus ", figure).replace("∞", "infinity")


def symbol_in_words(symbol: str) -> str:
    """A symbol letter by letter, so that it is not read as a word: d W 2."""
    if symbol in GREEK:
        return spoken(GREEK[symbol])
    return " ".join(re.findall(r"\d+|[^\W\d]", symbol))


def cell_in_words(cell: Cell) -> str:
    """A cell as it is spoken: W 2 row 1 column 3."""
    return f"{symbol_in_words(cell.symbol)} row {cell.row} column {cell.column}"


def _entry_in_words(symbol: str, row: str, column: str) -> str:
    """An element by its letters: d W 2 row i column j."""
    places = ((" row ", row), (" column ", column))
    return symbol_in_words(symbol) + "".join(word + index for word, index in places if index)


def _call(function: str) -> str:
    if function in PRIMITIVES:
        return PRIMITIVES[function].words or f"{function.replace('_', ' ')} of *"
    symbol = sign_of(function)
    name = SIGNS.get(symbol, symbol).replace("_", " ")
    return f"derivative of {name} at *" if function.endswith("_derivative") else f"{name} of *"


WORDS = Notation(
    number=lambda value: figure_in_words(plain_number(value)),
    name=symbol_in_words,
    cell=cell_in_words,
    call=_call,
    plus="plus",
    minus="minus",
    negative="minus ",
    transpose="{} transposed",
    matmul="times",
    hadamard="times, element by element,",
    times="times",
    by="times",
    across=" by ",
    over="divided by",
    comma=" and ",
    equals="equals",
    comparison=lambda sign: SIGNS.get(sign, sign).strip(),
    becomes="becomes",
    ellipsis="and so on",
    figure=figure_in_words,
    parentheses=("open parenthesis ", " close parenthesis"),
    encloses=False,
    entry=_entry_in_words,
    power="{} to the power {}",
    partial="d {} by d {}",
    delta="1 where {} is {}, otherwise 0,",
    gathered=lambda sign, k: f"{'sum' if sign == 'Σ' else 'largest'} over {k} of",
    tight=frozenset(),
)
