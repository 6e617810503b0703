"""TOML written: a document as text, or an author's text changed no more than it has to be.

Comments, order and layout of a text stay wherever what they are about stays. What was changed is
read back; where it does not say what it should (a layout that this does not follow), the document
is written anew. It knows nothing of experiments.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeAlias

Keys: TypeAlias = tuple[str, ...]
Edit: TypeAlias = tuple[int, int, str]
"""From where to where in a text, and what is to stand there."""

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
BLANK_LINES = re.compile(r"(?:[ \t]*\r?\n)*")
TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'  # before the strings of one line, which could begin it
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*"
    r"|[^\"'#\[\]{}\n=]+"
    r"|.",
    re.DOTALL,
)


# A document as text --------------------------------------------------------------------------


def written(document: Mapping[str, Any]) -> str:
    """A document as text: plain keys first, then a section for each table."""
    plain = {key: value for key, value in document.items() if not _is_section(value)}
    parts = [_lines(plain)] if plain else []
    for key, value in document.items():
        if _is_section(value):
            parts.append(section(key, value))
    return "\n".join(parts)


def section(name: str, value: Any) -> str:
    """`[name]` and its keys; for a list of tables, each under its own `[[name]]`."""
    if isinstance(value, Mapping):
        return f"[{key_text(name)}]\n{_lines(value)}"
    return "\n".join(f"[[{key_text(name)}]]\n{_lines(table)}" for table in value)


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)
    )


def _lines(table: Mapping[str, Any]) -> str:
    return "".join(f"{key_text(key)} = {value_text(value)}\n" for key, value in table.items())


def key_text(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _quoted(key)


def value_text(value: Any) -> str:
    """A value as TOML has it; a float with just the digits that read back to the same bits."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _quoted(value)
        case float():
            return repr(value) if isfinite(value) else str(value)
        case Mapping():
            inner = ", ".join(f"{key_text(k)} = {value_text(v)}" for k, v in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple() if len(value) > 1 and any(isinstance(v, list) for v in value):
            rows = "".join(f"    {value_text(row)},\n" for row in value)
            return f"[\n{rows}]"
        case list() | tuple():
            return f"[{', '.join(map(value_text, value))}]"
        case _:
            return str(value)


def _quoted(text: str) -> str:
    """A string in JSON is one in TOML, but for the one control character that JSON lets stand."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


# A text changed ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Statement:
    """A `[header]`, or a `key = value` under the last one; `start` and `end` are of its lines."""

    keys: Keys
    """From the top: ("network", "layers")."""
    start: int
    end: int
    value: tuple[int, int] | None = None
    """From where to where its value stands; None for a header."""
    repeated: bool = False
    """A header in two brackets."""
    under_header: bool = True


def changed(text: str, document: Mapping[str, Any]) -> str:
    """`text`, with what differs in `document` put in, taken out or replaced."""
    before = tomllib.loads(text)
    if same(before, document):
        return text
    if text and not text.endswith("\n"):
        text += "\n"
    try:
        result = _edited(text, list(_edits(text, before, document)))
        if same(tomllib.loads(result), document):
            return result
    except (ValueError, LookupError):
        pass
    return written(document)


def without(text: str, *names: str) -> str:
    """`text` without these keys or tables, and all else as it is; nothing else of it is read."""
    statements = list(_statements(text))
    edits = [edit for name in names for edit in _without(text, statements, name)]
    return _edited(text, edits)


def same(a: Any, b: Any) -> bool:
    """Equal in kind too: 1 is not 1.0, and 0.0 is not −0.0."""
    match a, b:
        case dict(), dict():
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        case list(), list():
            return len(a) == len(b) and all(map(same, a, b))
        case _:
            return type(a) is type(b) and repr(a) == repr(b)


def _edited(text: str, edits: list[Edit]) -> str:
    parts, at = [], 0
    for start, end, instead in sorted(edits, key=lambda edit: edit[:2]):
        parts += [text[at:start], instead]
        at = end
    return "".join([*parts, text[at:]])


def _edits(text: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Edit]:
    statements = list(_statements(text))
    newline = "\r\n" if "\r\n" in text else "\n"

    def own(lines: str) -> str:
        return lines.replace("\n", newline)

    for key, value in before.items():
        now = after.get(key)
        if same(value, now):
            continue
        if isinstance(value, dict) and isinstance(now, dict):
            for start, end, lines in _edits_within(text, statements, (key,), value, now):
                yield start, end, own(lines)
        elif _is_section(value) and isinstance(value, list) and isinstance(now, list):
            yield from _fewer(text, statements, key, value, now)
        elif key in after:
            yield _replaced(text, _of(statements, (key,)), own(value_text(now)))
        else:
            yield from _without(text, statements, key)
    added = {key: value for key, value in after.items() if key not in before}
    plain = {key: value for key, value in added.items() if not _is_section(value)}
    if plain:
        at = max((s.end for s in statements if s.value and not s.under_header), default=0)
        yield at, at, own(_lines(plain))
    for key, value in added.items():
        if key not in plain:
            yield len(text), len(text), own(f"\n{section(key, value)}")


def _edits_within(
    text: str,
    statements: Sequence[Statement],
    table: Keys,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> Iterator[Edit]:
    """What changes in one table, key by key."""
    for key, value in before.items():
        if key not in after:
            statement = _of(statements, (*table, key))
            yield statement.start, statement.end, ""
        elif not same(value, after[key]):
            yield _replaced(text, _of(statements, (*table, key)), value_text(after[key]))
    added = {key: value for key, value in after.items() if key not in before}
    if added:
        last = [s for s in statements if s.keys[: len(table)] == table][-1]
        yield last.end, last.end, _lines(added)


def _of(statements: Sequence[Statement], keys: Keys) -> Statement:
    return next((s for s in statements if s.keys == keys and s.value), None) or _missing(keys)


def _missing(keys: Keys) -> Statement:
    raise LookupError(keys)


def _replaced(text: str, statement: Statement, value: str) -> Edit:
    """Another value; what a comment on its line says may not hold for it."""
    assert statement.value is not None
    line = text[statement.value[1] : statement.end]
    return statement.value[0], statement.end - len(line) + len(line.rstrip("\r\n")), value


def _without(text: str, statements: Sequence[Statement], key: str) -> Iterator[Edit]:
    """A key or table taken out, and the lines between its statements with it."""
    mine = [i for i, s in enumerate(statements) if s.keys[0] == key]
    for i in mine:
        follows = i + 1 in mine and not statements[i + 1].repeated
        end = statements[i + 1].start if follows else _behind_blank(text, statements[i].end)
        yield statements[i].start, end, ""


def _fewer(
    text: str, statements: Sequence[Statement], key: str, before: list[Any], after: list[Any]
) -> Iterator[Edit]:
    """Tables of a list taken out: those that are not in `after`, in order."""
    heads = [i for i, s in enumerate(statements) if s.keys == (key,) and s.repeated]
    left = list(after)
    for head, table in zip(heads, before, strict=True):
        if left and same(left[0], table):
            del left[0]
            continue
        behind = head + 1
        while (
            behind < len(statements)
            and statements[behind].keys[0] == key
            and (not statements[behind].repeated or statements[behind].keys != (key,))
        ):
            behind += 1
        yield statements[head].start, _behind_blank(text, statements[behind - 1].end), ""


def _behind_blank(text: str, at: int) -> int:
    blank = BLANK_LINES.match(text, at)
    return blank.end() if blank else at


def _statements(text: str) -> Iterator[Statement]:
    """The statements of a valid document, in order."""
    table: Keys = ()
    at = 0
    while at < len(text):
        token = TOKEN.match(text, at)
        assert token is not None
        if token[0].isspace() or token[0].startswith("#"):
            at = token.end()
            continue
        start = text.rfind("\n", 0, at) + 1
        equals, end, content = _extent(text, at)
        if token[0] == "[":
            head = text[at:content]
            table = _path(head)
            yield Statement(table, start, end, repeated=head.startswith("[["))
        else:
            value = equals + 1
            while text[value] in " \t":
                value += 1
            keys = (*table, *_path(f"{text[at:equals]}= 0"))
            yield Statement(keys, start, end, (value, content), under_header=bool(table))
        at = end


def _extent(text: str, at: int) -> tuple[int, int, int]:
    """Where a statement's `=` stands, where its lines end, and where what it says ends."""
    depth, equals, content = 0, -1, at
    while at < len(text):
        token = TOKEN.match(text, at)
        assert token is not None
        word, at = token[0], token.end()
        if word == "\n" and depth == 0:
            break
        if word == "=" and equals < 0:
            equals = token.start()
        depth += (word in "[{") - (word in "]}")
        if not word.isspace() and not word.startswith("#"):
            content = token.start() + len(word.rstrip())
    return equals, at, content


def _path(head: str) -> Keys:
    """The keys of a header, or of the left side of a statement."""
    keys: list[str] = []
    here: Any = tomllib.loads(head)
    while here:
        here = here[0] if isinstance(here, list) else here
        if not isinstance(here, dict) or not here:
            break
        ((key, here),) = here.items()
        keys.append(key)
    return tuple(keys)
