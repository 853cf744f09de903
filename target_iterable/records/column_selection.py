"""Which columns travel to Iterable, and which members of the objects in them: `drop` and `keep_only` of a route."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec import UNSET

from target_iterable.core.json_encoding import dumps
from target_iterable.records.json_texts import from_json

_REMEMBERED: Final = 10_000

_Steps: TypeAlias = tuple[str, ...]
"""What is left of a glob inside of what its beginning fits; nothing if the whole glob fits."""


class _Part(NamedTuple):
    """A part of a record that travels: all of it or some.

    Attributes:
        kept: whether what is in it travels unless it is dropped; else only what is kept.
        drop, keep: globs for what is in it.
    """

    kept: bool
    drop: tuple[_Steps, ...] = ()
    keep: tuple[_Steps, ...] = ()

    @property
    def opens(self) -> bool:
        """Whether something in it may have to stay here."""
        return bool(self.drop) or not self.kept


class ColumnSelection:
    """What globs choose by the names of columns. In a glob, a dot leads into an object: `address.street`.

    What fits `drop` stays here, also if it fits `keep_only`. If that names anything, all else stays here, too.

    Args:
        drop: globs of columns and members.
        keep_only: globs of columns and members; none are for all.
        is_mark: says of a column that it only marks rows, and is never written.
    """

    def __init__(
        self,
        drop: Collection[str] = (),
        keep_only: Collection[str] = (),
        is_mark: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._globs = {"drop": drop, "keep_only": keep_only}
        self._record = _Part(not keep_only, _split(drop), _split(keep_only))
        self._is_mark = is_mark

    def includes(self, column: str) -> bool:
        """Whether the column, or something in it, travels."""
        return not self._is_mark(column) and _within(self._record, column) is not None

    def opens(self, column: str) -> bool:
        """Whether the column travels, and yet a part of what is in it may have to stay here."""
        part = _within(self._record, column)
        return part is not None and part.opens

    def trimmed(self, column: str, value: Any) -> Any:
        """What travels of a value; `UNSET` if nothing does. An array stands for its items.

        A text that is JSON of an object or array stays one: database taps write JSON columns as text.
        """
        part = _within(self._record, column)
        return UNSET if part is None else _trimmed(part, value)

    def schema(self, column: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema of what travels of the column."""
        part = _within(self._record, column)
        return schema if part is None else _schema(part, schema)

    def unused_columns(self, columns: Collection[str]) -> dict[str, list[str]]:
        """The globs of each option that fit none of the columns."""
        return {
            option: [glob for glob in globs if not any(_rests([tuple(glob.split("."))], name) for name in columns)]
            for option, globs in self._globs.items()
        }


@lru_cache(_REMEMBERED)
def _within(part: _Part, name: str) -> _Part | None:
    """The part of that name in another one; None if it stays here."""
    drop, keep = _rests(part.drop, name), _rests(part.keep, name)
    if () in drop:
        return None
    kept = part.kept or () in keep
    return _Part(kept, tuple(drop), tuple(keep)) if kept or keep else None


def _split(globs: Iterable[str]) -> tuple[_Steps, ...]:
    return tuple(tuple(glob.split(".")) for glob in globs)


def _rests(globs: Iterable[_Steps], name: str) -> list[_Steps]:
    """What is left of those globs that fit the name or begin with what fits it. Names may have dots in them, too."""
    return [
        steps[depth:]
        for steps in globs
        for depth in range(1, len(steps) + 1)
        if fnmatchcase(name, ".".join(steps[:depth]))
    ]


def _trimmed(part: _Part, value: Any) -> Any:
    if not part.opens or value is None:
        return value
    if isinstance(value, dict):
        members = ((name, _within(part, name), member) for name, member in value.items())
        left = ((name, _trimmed(at, member)) for name, at, member in members if at is not None)
        return {name: member for name, member in left if member is not UNSET}
    if isinstance(value, list):
        return [left for item in value if (left := _trimmed(part, item)) is not UNSET]
    if isinstance(value, str) and isinstance(read := from_json(value), dict | list):
        return dumps(_trimmed(part, read)).decode()
    return value if part.kept else UNSET


def _schema(part: _Part, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    members = schema.get("properties")
    if not part.opens or not isinstance(members, Mapping):
        return schema
    parts = ((name, _within(part, name), member) for name, member in members.items())
    left = {name: _schema(at, member) for name, at, member in parts if at is not None}
    return {**schema, "properties": left}


EVERYTHING: Final = ColumnSelection()
