"""Expressions of `stream_maps`, written so that the SDK announces the type that they have.

The SDK (0.54) goes by the first letters of an expression: `int(age) >= 18` is a whole number to it and `age >= 18` a
text, and whoever checks records against that schema refuses all of them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from typing import Final

_CASTS: Final[Mapping[type, str]] = {int: "int", float: "float", str: "str", bool: "bool"}
"""Python's type -> the function at the start of an expression by which the SDK knows it."""
_BY_CAST: Final = {cast: kind for kind, cast in _CASTS.items()}
_ARITHMETIC: Final = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def announced(expression: str) -> str:
    """An expression of the same value, of which the SDK announces the type, if that is known without a record.

    It is cast as a whole, or only the part of it with which it begins, if the other is null.
    """
    try:
        node = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return expression
    kind = _kind(node)
    if kind is None or _is_announced(expression, kind):
        return expression
    return ast.unparse(_cast(node, _CASTS[kind])) if _may_be_null(node) else f"{_CASTS[kind]}({expression})"


def _is_announced(expression: str, kind: type) -> bool:
    if kind is str:
        # Any expression is a text to the SDK, unless it begins like another type.
        return not expression.startswith(tuple(f"{cast}(" for cast in _BY_CAST if cast != "str"))
    return expression.startswith(f"{_CASTS[kind]}(")


def _kind(node: ast.expr) -> type | None:
    """The one type that the values of an expression have, null apart; None if that is not known."""
    kinds: set[type | None] = set()
    match node:
        case ast.Constant(value=value):
            kinds = {type(value) if type(value) in _CASTS else None}
        case ast.Call(func=ast.Name(id=name)):
            kinds = {_BY_CAST.get(name)}
        case ast.Compare() | ast.UnaryOp(op=ast.Not()):
            kinds = {bool}
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            kinds = {_number(_kind(operand))}
        case ast.BinOp(left=left, op=operator, right=right):
            kinds = {_kind_of_result(_kind(left), operator, _kind(right))}
        case ast.IfExp() | ast.BoolOp():
            kinds = {_kind(part) for part in _parts(node) if not _is_null(part)}
    return kinds.pop() if len(kinds) == 1 else None


def _kind_of_result(left: type | None, operator: ast.operator, right: type | None) -> type | None:
    if left is right is str:
        return str if isinstance(operator, ast.Add) else None
    if _number(left) is None or _number(right) is None:
        return None
    if isinstance(operator, ast.Div):
        return float
    if not isinstance(operator, _ARITHMETIC):
        return None
    return float if float in (left, right) else int


def _number(kind: type | None) -> type | None:
    return kind if kind in (int, float) else None


def _parts(node: ast.expr) -> Iterator[ast.expr]:
    """The expressions of which one becomes the value."""
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield from (body, orelse)
        case ast.BoolOp(values=values):
            yield from values


def _cast(node: ast.expr, cast: str) -> ast.expr:
    match node:
        case ast.IfExp(test=test, body=body, orelse=orelse):
            return ast.IfExp(test, _cast(body, cast), orelse)
        case ast.BoolOp(op=operator, values=[first, *others]):
            return ast.BoolOp(operator, [_cast(first, cast), *others])
        case _ if _is_null(node):
            return node
    return ast.Call(ast.Name(cast), [node], [])


def _may_be_null(node: ast.expr) -> bool:
    return _is_null(node) or any(map(_may_be_null, _parts(node)))


def _is_null(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
