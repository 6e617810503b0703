"""Editing TOML: an author's text with some values changed, its comments and layout kept.

tomlkit parses a text into a tree that renders as the same characters; what a change touches is
exchanged in that tree. The result is read back with `tomllib`, which alone says what a text means.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import (
    AoT,
    Array,
    InlineTable,
    Item,
    Key,
    Null,
    SingleKey,
    Table,
    Trivia,
    Whitespace,
)

Body: TypeAlias = list[tuple[Key | None, Item]]
"""What stands in a document or table, in order; comments and blank lines have no key."""
BLANK_LINES = re.compile(r"\A(?:[ \t]*\r?\n)+")


def changed(text: str, document: Mapping[str, Any]) -> str:
    """`text` with the values of `document`: a valid document that keeps what is not about a change.

    A comment on the line of a changed value goes with the value. A text whose layout cannot be
    edited so is written anew.
    """
    before = tomllib.loads(text)
    if same(before, document):
        return text
    if text and not text.endswith("\n"):
        text += "\n"
    try:
        result = _edited(text, before, document)
        if same(tomllib.loads(result), document):
            return result
    except (ValueError, LookupError, TOMLKitError):  # tomlkit reads less than tomllib does
        pass
    return _edited("", {}, document)


def same(a: Any, b: Any) -> bool:
    """Whether two TOML values are equal in kind too: 1 is not 1.0, and 0.0 is not −0.0."""
    match a, b:
        case dict(), dict():
            return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        case list(), list():
            return len(a) == len(b) and all(map(same, a, b))
        case _:
            return type(a) is type(b) and repr(a) == repr(b)


def _edited(text: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    root = tomlkit.parse(text)
    _change(root.body, before, after)
    added = _added(before, after)
    sections = {key: value for key, value in added.items() if _is_section(value)}
    _insert(root.body, {key: value for key, value in added.items() if key not in sections})
    for key, value in sections.items():
        root.body.append((SingleKey(key), _section(value, "\n" if root.body else "")))
    return root.as_string()


def _added(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in after.items() if key not in before}


# Changes, from the end on: so that places before stay where they are -------------------------


def _change(body: Body, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Replace and remove in a body what `after` has otherwise; add to the tables within it."""
    seen = set()
    for at, (key, item) in reversed(list(enumerate(body))):
        if key is None:
            continue
        value, now = before[key.key], after.get(key.key)
        if key.key not in after:
            body[at] = (None, Whitespace(_behind(item)) if _behind(item) else Null())
        elif same(value, now):
            pass
        elif isinstance(item, InlineTable) and isinstance(now, Mapping):
            _change_inline(item, value, now)
        elif isinstance(item, Table) and isinstance(now, Mapping):
            _change(item.value.body, value, now)
            if key.key not in seen:  # the last part, where a table has several
                _insert(item.value.body, _added(value, now))
        elif isinstance(item, AoT) and isinstance(now, list) and _is_section(now):
            body.insert(at, (None, Whitespace(_change_tables(item, value, now))))
        else:
            body[at] = (key, _placed(_value(now), item.trivia.indent, item.trivia.trail))
        seen.add(key.key)


def _change_inline(table: InlineTable, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    for key, value in before.items():
        if key not in after:
            del table[key]
        elif not same(value, after[key]):
            table[key] = _value(after[key])
    for key, value in _added(before, after).items():
        table.append(key, _value(value))


def _change_tables(tables: AoT, before: Sequence[Any], after: Sequence[Any]) -> str:
    """Keep the tables that are still there, in order, and add what is missing behind them; the
    comments that no table is left for."""
    left, kept, before_all = list(after), list[Table](), ""
    for table, value in zip(tables.body, before, strict=True):
        if left and same(value, left[0]):
            kept.append(table)
            del left[0]
        elif kept:
            kept[-1].value.body.append((None, Whitespace(_behind(table))))
        else:
            before_all += _behind(table)
    if left:
        behind = _cut_behind(kept[-1]) if kept else []
        kept += _section(left, "\n" if kept else "").body
        kept[-1].value.body.extend(behind)
    tables.body[:] = kept
    return before_all


def _cut_behind(table: Table) -> Body:
    """Take out the comments and blank lines behind a table's last key."""
    body = table.value.body
    last = max((at for at, (key, _) in enumerate(body, 1) if key), default=0)
    behind = body[last:]
    del body[last:]
    return behind


def _behind(item: Item) -> str:
    """The comments behind a table's last key, which are not about the table."""
    if isinstance(item, AoT):
        return "".join(map(_behind, item.body))
    if not isinstance(item, Table):
        return ""
    text = ""
    for key, inner in reversed(item.value.body):
        if key is not None:
            text = _behind(inner) + text
            break
        text = inner.as_string() + text
    return BLANK_LINES.sub("", text)


def _insert(body: Body, values: Mapping[str, Any]) -> None:
    """Put values behind the last one of a body that stands before its tables."""
    plain = (n for n, (key, item) in enumerate(body, 1) if key and not _has_header(key, item))
    at = max(plain, default=0)
    if values and not at and body and not isinstance(body[0][1], Whitespace):
        body.insert(0, (None, Whitespace("\n")))
    body[at:at] = [(SingleKey(key), _value(value)) for key, value in values.items()]


def _has_header(key: Key, item: Item) -> bool:
    return isinstance(item, Table | AoT) and not key.is_dotted()


# Values as items of a tree -------------------------------------------------------------------


def _is_section(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(v, Mapping) for v in value)
    )


def _section(value: Any, above: str) -> Any:
    """A `[table]`, or a `[[table]]` for each in a list, with `above` before its header."""
    if not isinstance(value, Mapping):
        return AoT([_section(table, above if n == 0 else "\n") for n, table in enumerate(value)])
    table = tomlkit.table()
    _insert(table.value.body, value)
    return _placed(table, above, "\n")


def _value(value: Any) -> Item:
    """A value as it stands behind `=`; a matrix has a line for each row."""
    match value:
        case Mapping():
            table = tomlkit.inline_table()
            for key, inner in value.items():
                table.append(key, _value(inner))
            return table
        case list() | tuple():
            inside = [_value(inner).as_string() for inner in value]
            if len(value) > 1 and any(isinstance(row, list) for row in value):
                return _array("".join(f"\n    {row}," for row in inside) + "\n")
            return _array(", ".join(inside))
        case _:
            item: Item = tomlkit.item(value)
            return item


def _array(inside: str) -> Array:
    return Array([Whitespace(inside)], Trivia())


def _placed(item: Any, indent: str, trail: str) -> Any:
    item.trivia.indent, item.trivia.trail = indent, trail
    return item
