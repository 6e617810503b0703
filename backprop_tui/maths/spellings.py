r"""How signs and names are spelled: on the screen, in NumPy, in LaTeX and in Andrew Ng's notation.

Each table has one line for a spelling; the parser reads whatever stands in them. Functions have
theirs in `numpy_calls`.

    W^{[1]} X + b^{[1]}        np.dot(W1, X) + b1        W_1 \cdot X + b_1        W₁ X + b₁
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from keyword import iskeyword

from backprop_tui.maths.writing import GREEK
from backprop_tui.messages import printable

SIGNS = {
    **{sign: sign for sign in "+−·∘/()[],<>≤≥=≠←ᵀ²³^′"},
    **dict.fromkeys(("-", "–"), "−"),
    **dict.fromkeys(("@", "∙", "⋅", "•", r"\cdot", r"\bullet"), "·"),
    **dict.fromkeys(("*", "×", "⊙", "⊗", ".*", "∗"), "∘"),
    **dict.fromkeys((r"\odot", r"\circ", r"\otimes", r"\times", r"\ast"), "∘"),
    **dict.fromkeys(("./", "÷"), "/"),
    **dict.fromkeys(("**", ".^"), "^"),
    **dict.fromkeys(("'", "’", "^{\\prime}", r"^\prime"), "′"),
    **dict.fromkeys((".T", "⊤", "^T", "^{T}", r"^\top", r"^{\top}", "^⊤", "^ᵀ"), "ᵀ"),
    **dict.fromkeys((r"^{\mathsf T}", r"^{\mathsf{T}}", r"^{\mathrm{T}}", r"^\intercal"), "ᵀ"),
    **dict.fromkeys(("<=", r"\leq", r"\le"), "≤"),
    **dict.fromkeys((">=", r"\geq", r"\ge"), "≥"),
    **dict.fromkeys(("!=", r"\neq", r"\ne"), "≠"),
    "==": "=",
    **dict.fromkeys((":=", r"\leftarrow", r"\gets"), "←"),
    **dict.fromkeys(("-=", "−="), "−="),
    "+=": "+=",
    **dict.fromkeys(("{", r"\{"), "("),
    **dict.fromkeys(("}", r"\}"), ")"),
    "⁻¹": "⁻¹",
    "_{": "[",
    **dict.fromkeys((r"\frac", r"\dfrac", r"\tfrac"), r"\frac"),
    **dict.fromkeys((r"\mathbb{1}[", "𝟙[", "1[", r"\mathbb{1}\{", "𝟙{", "1{", r"1\{"), "1["),
    **dict.fromkeys((r"\left|", r"\lvert"), "|("),
    **dict.fromkeys((r"\right|", r"\rvert"), ")"),
    **dict.fromkeys((r"\left", r"\right", r"\,", r"\;", r"\:", r"\!", r"\ ", r"\quad"), ""),
}
"""What each sign is read as; "" is no more than a space."""
WORDS = {
    **{sign: symbol for symbol, sign in GREEK.items()},
    **dict.fromkeys((r"\alpha", "lr", "learning_rate", "η", "eta", r"\eta"), "alpha"),
    r"\mathbf{1}": "ones",
    r"\operatorname{mean}_{\text{row}}": "row_means",
    r"\operatorname{mean}_{\text{column}}": "col_means",
    **dict.fromkeys((r"\lambda", "lambda", "lambd"), "weight_decay"),
    **dict.fromkeys(("λ2", r"\lambda_2", r"\lambda_{2}"), "l2"),
    **dict.fromkeys((r"\epsilon", r"\varepsilon"), "epsilon"),
    **dict.fromkeys((r"\beta_1", r"\beta_{1}"), "beta1"),
    **dict.fromkeys((r"\beta_2", r"\beta_{2}"), "beta2"),
    r"\sum_{\text{row}}": "row_sums",
    r"\sum_{\text{column}}": "col_sums",
    r"\max_{\text{row}}": "row_max",
    r"\max_{\text{column}}": "col_max",
    **dict.fromkeys((r"\sum", "Σ", "∑"), "sum"),
    **dict.fromkeys(("ŷ", r"\hat{y}", r"\hat y"), "y_hat"),
}
"""What each word is read as, where a program has no symbol of that name."""
MODULE = (
    r"(?:(?:np|numpy|jnp|torch|math)\.(?:(?:nn|functional|linalg)\.)*"
    r"|(?:tf|jax)\.(?:nn|math|numpy)\.)"
)
STYLED = r"\\(?:mathbf|boldsymbol|mathrm|mathit|operatorname|text|bm)\{(?P<styled>[\w\\]+)\}"
LETTER = r"(?:[A-Za-z\u03b1-\u03c9]|_(?!\{))"  # the Greek letters are α to ω
WHOLE = rf"{LETTER}(?:{LETTER}|[0-9])*"
NAME = re.compile(rf"(?:{MODULE})?(?:{STYLED}|(?P<plain>\\?{WHOLE}))")
NUMBER = re.compile(r"(?:\d+(?:\.\d+|\.(?![*/^T]|[A-Za-z]{2}))?|\.\d+)(?:[eE][+−-]?\d+)?")
FRACTION = re.compile("[¼½¾⅓⅔⅛]")
PRIMES = ("'", "′", r"\prime", r"{\prime}")
BEHIND = r"(?P<behind>T|ᵀ|⊤|'|′|\\top|\\prime|\{\\prime\})?"
NUMBERED = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\^\{{\s*\[(?P<n>\d+)\]\s*{BEHIND}\}}",  # W^{[1]}, W^{[2]T}
        r"\^?\[(?P<n>\d+)\]",  # A[2], W^[1]
        r"_\{(?P<n>\d+)\}",  # W_{1}
        r"_(?P<n>\d+)",  # \mathbf{W}_1; a plain name has its underscores
        r"(?P<n>[₀-₉]+)",
        rf"\^\{{?\((?P<n>\d+)\)\s*{BEHIND}\}}?",  # W^{(1)}: of a known symbol alone
    )
)
"""How the number of a layer is written behind a letter."""
OF_KNOWN = NUMBERED[-1]
SPACE = re.compile(r"\s*")
DIFFERENTIAL = r"(?:∂|\\partial(?![A-Za-z]))\s*"
GRADIENT = re.compile(
    rf"{DIFFERENTIAL}[LJ]\s*/\s*{DIFFERENTIAL}|(?P<plain>d[LJ])\s*/\s*d(?=[A-Za-z])"
    rf"|(?P<above>\\[dt]?frac)\s*\{{\s*{DIFFERENTIAL}[LJ]\s*\}}\s*\{{\s*{DIFFERENTIAL}"
)
"""What stands before a symbol where its gradient is written as a quotient: ∂L/∂Z2 is dZ2."""
INSTEAD = {
    "∂": "; of ∂ only ∂L/∂… is read: ∂L/∂Z2 is dZ2",
    **dict.fromkeys("|‖", "; |Z| is abs(Z), ‖W‖² is sum(W²)"),
    "√": "; a root is sqrt(…)",
    '"': "; for np.einsum write the product with @ and .T",
}
"""What to write instead of a sign that is not read."""
CLOSED = re.compile(r"\s*\}")


def _any_of(spellings: Collection[str]) -> re.Pattern[str]:
    """Any of these, the longest first; a letter at the end of one ends its word."""
    longest = sorted(spellings, key=len, reverse=True)
    ends = (
        rf"{re.escape(s)}(?![A-Za-z0-9_])" if s[-1].isalpha() else re.escape(s) for s in longest
    )
    return re.compile("|".join(ends))


SIGN, WORD = _any_of(SIGNS), _any_of(WORDS)
METHOD = re.compile(rf"\.({WHOLE})")


class GrammarError(ValueError):
    """A formula that cannot be read; its text says what is wrong at which character."""


@dataclass(frozen=True)
class Token:
    """A number, a name, a method or a sign of a formula, or its end."""

    kind: str
    """number, name, method, sign or end."""
    text: str
    """In the one spelling."""
    at: int
    """Its first character, from 0."""
    typed: str = ""
    """As it was typed."""
    new_line: bool = False
    """Whether a new line begins before it."""


def tokens(source: str, symbols: Collection[str] | None = None) -> list[Token]:
    """The tokens of `source`, and the end; a name of `symbols` comes before any other spelling.

    Raises GrammarError at a character that begins none.
    """
    found: list[Token] = []
    at, source = 0, source.rstrip()
    while at < len(source):
        start = SPACE.match(source, at).end()  # type: ignore[union-attr]
        for token, end in _next(source, start, symbols):
            new_line = "\n" in source[at:start]
            found.append(Token(token.kind, token.text, token.at, source[token.at : end], new_line))
            at = end
    return [*(token for token in found if token.text), Token("end", "", len(source))]


def _next(source: str, at: int, symbols: Collection[str] | None) -> list[tuple[Token, int]]:
    """The token that begins there, two where a transpose stands in its index, each with its end."""
    gradient = GRADIENT.match(source, at)
    if gradient and gradient["plain"] not in (symbols or ()):
        return _gradient(source, gradient, symbols)
    name = NAME.match(source, at)
    if name and symbols and name[0] in symbols:
        return [(Token("name", name[0], at), name.end())]
    if word := WORD.match(source, at):
        return [(Token("name", WORDS[word[0]], at), word.end())]
    if sign := SIGN.match(source, at):
        return [(Token("sign", SIGNS[sign[0]], at), sign.end())]
    if number := NUMBER.match(source, at):
        return [(Token("number", number[0].replace("−", "-"), at), number.end())]
    if fraction := FRACTION.match(source, at):
        share = repr(unicodedata.numeric(fraction[0]))
        return [(Token("number", share, at), fraction.end())]
    if method := METHOD.match(source, at):
        return [(Token("method", method[1], at), method.end())]
    if name:
        return _name(source, name, symbols)
    instead = INSTEAD.get(source[at], "")
    raise GrammarError(f"cannot read “{printable(source[at])}” at character {at + 1}{instead}")


def _gradient(
    source: str, quotient: re.Match[str], symbols: Collection[str] | None
) -> list[tuple[Token, int]]:
    """The name of a gradient, of the symbol behind the quotient."""
    at, wrong = quotient.start(), "a gradient is ∂L/∂Z2, of a matrix (character {})"
    if (name := NAME.match(source, quotient.end())) is None:
        raise GrammarError(wrong.format(at + 1))
    is_whole = name[0] in (symbols or ())
    found = [(Token("name", name[0], at), name.end())] if is_whole else _name(source, name, symbols)
    (of, end), *behind = found
    closed = CLOSED.match(source, end) if quotient["above"] else None
    if behind or (quotient["above"] and closed is None):
        raise GrammarError(wrong.format(at + 1))
    return [(Token("name", f"d{of.text}", at), closed.end() if closed else end)]


def _name(
    source: str, found: re.Match[str], symbols: Collection[str] | None
) -> list[tuple[Token, int]]:
    """A name with the number behind it: W^{[1]}, dZ_2, A[2]."""
    word = (found["styled"] or found["plain"]).replace("\\", "")
    at, end = found.start(), found.end()
    if iskeyword(word) and word not in ("True", "False"):
        instead = "; write where(Z > 0, 1, 0)" if word in ("if", "else") else ""
        raise GrammarError(f"“{word}” is no part of a formula (character {at + 1}){instead}")
    for pattern in () if word[-1].isdigit() else NUMBERED:
        if (number := pattern.match(source, end)) is None:
            continue
        whole = word + unicodedata.normalize("NFKC", number["n"])
        if pattern is OF_KNOWN and symbol_meant(whole, symbols or ()) is None:
            continue  # a power
        name = Token("name", whole, at), number.end()
        behind = number.groupdict().get("behind")
        sign = "′" if behind in PRIMES else "ᵀ"
        return [name, (Token("sign", sign, number.end()), number.end())] if behind else [name]
    return [(Token("name", word, at), end)]


def symbol_meant(word: str, symbols: Collection[str]) -> str | None:
    """The one symbol that a name can mean: dW1 for dw1 and dW_1; None for none or several."""
    found = symbols_meant(word, symbols)
    return found[0] if len(found) == 1 else None


def symbols_meant(word: str, symbols: Collection[str]) -> list[str]:
    """The symbols that a name can mean: itself, or else those that differ in capitals alone."""
    for same in (str, _joined, _folded):
        meant = same(word)
        if found := [symbol for symbol in symbols if same(symbol) == meant]:
            return found
    return []


def _joined(name: str) -> str:
    return name.replace("_", "")


def _folded(name: str) -> str:
    return _joined(name).casefold()
