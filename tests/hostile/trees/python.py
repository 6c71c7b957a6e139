"""Python's own parser: the tree without text, and the text."""

from __future__ import annotations

import ast
from pathlib import Path


def read_python(path: Path) -> tuple[tuple[str, ...], frozenset[str]]:
    """Give the nodes of a file in order, docstrings left out, and its strings.

    A string that stands alone as a statement is documentation and not part of the
    tree: whether a class has a docstring is no matter of code.
    """
    tree: list[str] = []
    strings: set[str] = set()
    _visit(ast.parse(path.read_bytes()), tree, strings)
    return tuple(tree), frozenset(strings)


def _visit(node: ast.AST, tree: list[str], strings: set[str]) -> None:
    match node:
        case ast.Constant(value=str(text)):
            strings.add(text)
            tree.append("str")
            return
        case ast.Expr(value=ast.Constant(value=str())):
            return
        case ast.Call(func=ast.Name(id="TypedDict"), args=[_, ast.Dict() as fields]):
            # Type checkers and pydantic read these strings as code, and so do we.
            fields.values[:] = map(_annotation, fields.values)
        case ast.AnnAssign():
            node = _settled(node)
        case _:
            pass
    tree.append(type(node).__name__)
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.AST):
            tree.append(name)
            _visit(value, tree, strings)
        elif isinstance(value, list):
            tree.append(f"{name}[")
            _visit_all(value, tree, strings)
            tree.append("]")
        elif value is not None:
            tree.append(f"{name}={value!r}")


def _annotation(value: ast.expr) -> ast.expr:
    match value:
        case ast.Constant(value=str(text)):
            return ast.parse(text, mode="eval").body
        case _:
            return value


def _settled(field: ast.AnnAssign) -> ast.AnnAssign:
    """Read `x: Annotated[T, Field(…)]` as `x: T = Field(…)`.

    Pydantic takes them for the same, and the layout takes the one that fits.
    """
    match field.annotation, field.value:
        case (
            ast.Subscript(
                value=ast.Name(id="Annotated"),
                slice=ast.Tuple(elts=[kind, ast.Call(func=ast.Name(id="Field")) as of]),
            ),
            None,
        ):
            return ast.AnnAssign(field.target, kind, of, field.simple)
        case _:
            return field


def _visit_all(values: list[object], tree: list[str], strings: set[str]) -> None:
    for value in values:
        if isinstance(value, ast.AST):
            _visit(value, tree, strings)
        else:
            tree.append(repr(value))
