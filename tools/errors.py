"""Every error text of the plugins, read from their source: who says it, with `…` for what varies."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Final

from target_iterable.core.rejection import RejectReason
from tools.generated import ROOT
from tools.settings import PLUGINS, settings

PACKAGES: Final = ("iterable_api", "tap_iterable", "target_iterable")
OF_ITERABLE: Final = "Iterable's own code"
"""Stands for the codes of rejects that come out of an answer."""

_REFUSALS: Final = {"RejectReason", "RecordRejectedError"}
_OF_SETTINGS: Final = {"ConfigValidationError", "SettingError", "ValueError"}
_VARIES: Final = "…"


@dataclass(frozen=True)
class Said:
    """A text, and who says it: the class of an exception, or the code of a reject."""

    by: str
    text: str


def classes() -> dict[str, str]:
    """Public classes of exceptions, with the first line of what they say of themselves."""
    found = {node.name: ast.get_docstring(node) or "" for _, node in _nodes() if isinstance(node, ast.ClassDef)}
    return {name: text.partition("\n")[0] for name, text in found.items() if _is_error(name)}


def errors() -> list[Said]:
    """What exceptions say."""
    known = classes().keys()
    calls = (
        (module, node, str(_called(node))) for module, node in _nodes() if isinstance(node, ast.Call) and node.args
    )
    said = [Said(name, _text(module, node.args[0])) for module, node, name in calls if name in known - _REFUSALS]
    return _sorted(one for one in (*said, *_of_constructors()) if one.text.strip(f"{_VARIES}. :"))


def _of_constructors() -> Iterator[Said]:
    """What classes put together themselves: the argument of `super().__init__`."""
    found = ((module, node) for module, node in _nodes() if isinstance(node, ast.ClassDef) and _is_error(node.name))
    for module, kind in found:
        for node in ast.walk(kind):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "__init__":
                yield from (Said(kind.name, _text(module, text)) for text in node.args[:1])


def refusals() -> list[Said]:
    """Codes of rejects and what is said with them. Codes that an answer gives are under `OF_ITERABLE`."""
    calls = ((module, node) for module, node in _nodes() if isinstance(node, ast.Call) and _called(node) in _REFUSALS)
    return _sorted(
        Said(code, _text(module, node.args[1]))
        for module, node in calls
        if len(node.args) > 1
        for code in _codes(module, node.args[0])
    )


def of_settings() -> list[str]:
    """What is said of settings: texts that begin with one in backticks."""
    names = {f"`{setting.name}`" for plugin in PLUGINS for setting in settings(plugin)}
    told = (
        _text(module, value)
        for module, node in _nodes()
        if isinstance(node, ast.Return | ast.Yield | ast.Raise)
        and (value := _value(node)) is not None
        and isinstance(value, ast.Constant | ast.JoinedStr | ast.BinOp)
    )
    ours = {text for text in told if text.partition(" ")[0] in names or text.startswith(("`…", "`streams."))}
    return sorted(text for text in ours if text.strip("`… ."))


def _value(node: ast.Return | ast.Yield | ast.Raise) -> ast.expr | None:
    if not isinstance(node, ast.Raise):
        return node.value
    if not isinstance(node.exc, ast.Call) or _called(node.exc) not in _OF_SETTINGS:
        return None
    return node.exc.args[0] if node.exc.args else None


@cache
def _sources() -> Mapping[str, ast.Module]:
    """The syntax of each module by its dotted name."""
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return {_dotted(path): ast.parse(path.read_text()) for path in paths}


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def _nodes() -> Sequence[tuple[str, ast.AST]]:
    return [(module, node) for module, tree in _sources().items() for node in ast.walk(tree)]


def _is_error(name: str) -> bool:
    return name.endswith("Error") and not name.startswith("_")


def _called(node: ast.Call) -> str | None:
    return node.func.id if isinstance(node.func, ast.Name) else None


def _codes(module: str, node: ast.expr) -> list[str]:
    """The codes that an expression can give: a text, a constant of the module, or any value of a table there."""
    if isinstance(node, ast.Constant):
        return [str(node.value)]
    if isinstance(node, ast.Attribute):
        # Either the code of a constant, or that of a reject which is passed on, and is listed where it is made.
        constant = _global(module, node.value)
        return [constant.code] if isinstance(constant, RejectReason) else []
    value = _global(module, node.value if isinstance(node, ast.Subscript) else node)
    if isinstance(value, str):
        return [value]
    return list(map(str, value.values())) if isinstance(value, Mapping) else [OF_ITERABLE]


def _global(module: str, node: ast.expr) -> object:
    return getattr(import_module(module), node.id, None) if isinstance(node, ast.Name) else None


def _text(module: str, node: ast.expr) -> str:
    """What a text will be, as far as the source tells."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(module, part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(module, node.left) + _text(module, node.right)
    expression = node.value if isinstance(node, ast.FormattedValue) else node
    if isinstance(expression, ast.Name):
        value = _global(module, expression)
        return str(value) if isinstance(value, str | int) else _assigned(module, expression.id)
    return _VARIES


def _assigned(module: str, name: str) -> str:
    """The text that the module gives a local variable of this name, if it does so once."""
    given = [
        node.value
        for node in ast.walk(_sources()[module])
        if isinstance(node, ast.Assign) and [getattr(target, "id", None) for target in node.targets] == [name]
    ]
    texts = [value for value in given if isinstance(value, ast.Constant | ast.JoinedStr)]
    return _text(module, texts[0]) if len(texts) == len(given) == 1 else _VARIES


def _sorted(said: Iterator[Said]) -> list[Said]:
    return sorted(set(said), key=lambda one: (one.by.lower(), one.text))
