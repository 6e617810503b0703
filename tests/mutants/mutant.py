"""Small changes to a module, mutants, and the loader that makes one while it is imported."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from itertools import islice
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, TypeAlias

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "backprop_tui"

Change: TypeAlias = tuple[ast.AST, str, int | None, Any]
"""A node, the name of its field, where that is a list the place in it, and what to put there."""


OTHERS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,), ast.Mod: (ast.Mult,), ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,), ast.And: (ast.Or,), ast.Or: (ast.And,),
    ast.Lt: (ast.LtE,), ast.LtE: (ast.Lt,), ast.Gt: (ast.GtE,), ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
ALIKE = "min max minimum maximum isclose allclose alike array_equal suppress swapaxes".split()
"""Functions that give the same whichever of two arguments comes first."""
DECLARED = {"annotation", "returns", "decorator_list"}
"""Fields that say what a thing is, not what it does: its type, that it is frozen or cached."""


def changes(tree: ast.Module) -> Iterator[Change]:
    """Every change to a module, always in the same order."""
    todo: list[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        for field, held in ast.iter_fields(node):
            if field in DECLARED or (field == "value" and _is_declared(node)):
                continue
            for k, part in enumerate(held if isinstance(held, list) else [held]):
                if isinstance(part, ast.AST):
                    at = k if isinstance(held, list) else None
                    yield from ((node, field, at, other) for other in _others(node, field, part))
                    todo.append(part)


def _is_declared(node: ast.AST) -> bool:
    """Whether a statement names a type, or numbers in capitals: a store's size, a tolerance; or an
    argument is `strict`, which says what holds."""
    match node:
        case ast.keyword("strict"):
            return True
        case ast.AnnAssign():
            return "TypeAlias" in ast.unparse(node.annotation)
        case ast.Assign([ast.Name(id=name)], value) if name.isupper():
            return not any(isinstance(e, ast.Call | ast.Dict | ast.Name) for e in ast.walk(value))
        case ast.Assign([ast.Tuple([ast.Name(id=name), *_])], ast.Tuple()):
            return name.isupper()
    return False


def _others(node: ast.AST, field: str, part: ast.AST) -> Iterator[ast.AST]:
    """What may stand in place of a part of the tree."""
    for other in OTHERS.get(type(part), ()):
        yield other()
    match part:
        case ast.Constant(bool(on)):
            yield ast.Constant(not on)
        case ast.Constant(int(n)):
            yield from (ast.Constant(n + 1), ast.Constant(n - 1))
        case ast.Constant(float(x)):
            yield ast.Constant(x * 2 if x else 1.0)
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.Call(function, [first, second, *rest], keywords) if not (
            isinstance(first, ast.Starred)
            or isinstance(second, ast.Starred)
            or ast.unparse(function).split(".")[-1] in ALIKE
        ):
            yield ast.Call(function, [second, first, *rest], keywords)
        case ast.Expr(ast.Call() | ast.Yield() | ast.YieldFrom()) | ast.AugAssign() | ast.Raise():
            yield ast.Pass()
        case ast.Assign([ast.Attribute() | ast.Subscript()]) | ast.Continue() | ast.Break():
            yield ast.Pass()
        case ast.Name("TYPE_CHECKING"):
            pass
        case ast.expr() if field == "test" and not isinstance(part, ast.Compare | ast.UnaryOp):
            yield ast.UnaryOp(ast.Not(), part)


@dataclass(frozen=True)
class Mutant:
    """One change to one module."""

    path: str
    """The module's file, within the package."""
    number: int
    """Which of the changes of `changes`."""
    function: str
    """The qualified name of the innermost function around it; <module> outside of all."""
    line: int
    what: str

    @property
    def module(self) -> str:
        return "backprop_tui." + self.path.removesuffix(".py").replace("/", ".")

    @property
    def said(self) -> str:
        return f"{self.path}:{self.line}  {self.what}"

    @property
    def key(self) -> str:
        """The same for the same change to the same text of the module."""
        texts = (PACKAGE / self.path).read_bytes(), Path(__file__).read_bytes()
        return hashlib.sha256(b"".join(texts) + b"%d" % self.number).hexdigest()[:16]


def put(node: ast.AST, field: str, at: int | None, part: Any) -> Any:
    """Put a part into the tree; what stood there before."""
    if at is None:
        before = getattr(node, field)
        setattr(node, field, part)
    else:
        before = getattr(node, field)[at]
        getattr(node, field)[at] = part
    return before


def mutants(path: str) -> Iterator[Mutant]:
    """All mutants of a module."""
    tree = ast.parse((PACKAGE / path).read_text("utf-8"))
    around = dict(_functions(tree, "", "<module>"))
    for number, (node, field, at, other) in enumerate(changes(tree)):
        whole = isinstance(node, ast.expr | ast.comprehension) and not isinstance(node, ast.Dict)
        part = put(node, field, at, other)
        after = ast.unparse(ast.fix_missing_locations(node if whole else other))
        put(node, field, at, part)
        before = ast.unparse(node if whole else part)
        line: int = getattr(part, "lineno", 0) or getattr(node, "lineno", 0)
        if before != after:
            yield Mutant(path, number, around[node], line, f"{before}  →  {after}")


def _functions(node: ast.AST, prefix: str, inside: str) -> Iterator[tuple[ast.AST, str]]:
    """Every node with the qualified name of the function that runs it."""
    yield node, inside
    for _, held in ast.iter_fields(node):
        for part in held if isinstance(held, list) else [held]:
            match part:
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                    within = prefix + name
                    yield from _functions(part, f"{within}.<locals>.", within)
                case ast.ClassDef(name=name):
                    yield from _functions(part, f"{prefix}{name}.", inside)
                case ast.AST():
                    yield from _functions(part, prefix, inside)


class Changed(SourceFileLoader):
    """Loads one module with a change in it, and leaves all others alone."""

    def __init__(self, mutant: Mutant) -> None:
        super().__init__(mutant.module, str(PACKAGE / mutant.path))
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Any = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == self.mutant.module else None
        if spec is not None:
            spec.loader = self
        return spec

    def get_code(self, fullname: str) -> CodeType:
        tree = ast.parse(Path(self.path).read_text("utf-8"))
        put(*next(islice(changes(tree), self.mutant.number, None)))
        return compile(ast.fix_missing_locations(tree), self.path, "exec")
