"""The setting `stream_maps` in the forms that people write, made into those that the SDK's mapper takes.

Null has two forms: null itself, and `__NULL__`, because Meltano loses nulls of `meltano.yml`. The SDK (0.54) takes
`__NULL__` for streams, columns and `__else__` only, and null of other options ends it with a traceback.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from fnmatch import fnmatch
from typing import Any, Final

from iterable_api.plugin.expression_types import announced

SETTING: Final = "stream_maps"
_ELSE: Final = "__else__"
_KEYS: Final = "__key_properties__"
_SOURCE: Final = "__source__"
_TEXTS: Final = ("__alias__", _SOURCE, "__filter__")
_NULL: Final = "__NULL__"


def is_null(value: object) -> bool:
    """Whether a value is a form of null."""
    return value is None or value == _NULL


def problems(maps: Mapping[str, Any] | None) -> Iterator[str]:
    """What is wrong with the setting, by the path of it, without evaluating expressions."""
    for stream, map_ in (maps or {}).items():
        path = f"`{SETTING}.{stream}`"
        if stream == _ELSE:
            if not is_null(map_):
                yield f"{path} can only be {_NULL}, which leaves out all streams that have no map"
        elif stream.startswith("__"):
            yield f"{path} is no option: beside streams there is `{_ELSE}` only"
        elif isinstance(map_, Mapping):
            yield from _problems_of_map(stream, map_)
        elif not is_null(map_):
            yield f"{path} must be an object of columns and expressions, or {_NULL} to leave the stream out"


def _problems_of_map(stream: str, map_: Mapping[str, Any]) -> Iterator[str]:
    for column, value in map_.items():
        path = f"`{SETTING}.{stream}.{column}`"
        if is_null(value):
            continue
        if column == _ELSE:
            yield f"{path} can only be {_NULL}, which leaves out all columns that have no expression"
        elif column == _KEYS:
            if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
                yield f"{path} must be an array of names of columns"
        elif not (isinstance(value, str) and value.strip()):
            meaning = "" if column in _TEXTS else f": an expression, or {_NULL} to drop the column"
            yield f"{path} must be a text{meaning}"


def unmatched(maps: Mapping[str, Any] | None, streams: Collection[str]) -> list[str]:
    """The names of maps that fit none of these streams, by their own name or by that of their source."""
    sources = {
        name: map_.get(_SOURCE) if isinstance(map_, Mapping) else None
        for name, map_ in (maps or {}).items()
        if name != _ELSE
    }
    globs = {name: name if is_null(source) else source for name, source in sources.items()}
    return [name for name, glob in globs.items() if not any(fnmatch(stream, glob) for stream in streams)]


def normalised(maps: Mapping[str, Any] | None, key: Iterable[str] = ()) -> dict[str, Any]:
    """The maps for a stream with these key properties, as the mapper takes them.

    Options that are null are as if they were not there, `__key_properties__` apart, which then is empty. A map that
    leaves out other columns (`__else__`) keeps the key, as the SDK documents, but does not do. Expressions are written
    so that it announces their types.
    """
    return {
        stream: _normalised_map(map_, key) if isinstance(map_, Mapping) else map_
        for stream, map_ in (maps or {}).items()
    }


def _normalised_map(map_: Mapping[str, Any], key: Iterable[str]) -> dict[str, Any]:
    columns = {
        column: _normalised_column(column, value)
        for column, value in map_.items()
        if not (column in _TEXTS and is_null(value))
    }
    if _KEYS in columns:
        return columns | {_KEYS: [] if is_null(columns[_KEYS]) else columns[_KEYS]}
    # The type of a column is that of the expression only where this is its name, which can be no expression elsewhere.
    kept = {name: name for name in key if name.isidentifier()} if _ELSE in columns else {}
    return kept | columns


def _normalised_column(column: str, value: Any) -> Any:
    is_expression = isinstance(value, str) and not column.startswith("__") and not is_null(value)
    return announced(value) if is_expression else value
