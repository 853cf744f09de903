"""Column selection: the columns, and members of objects in them, that `drop` and `keep_only` of a route leave."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, NamedTuple, TypeAlias

from msgspec import UNSET

from target_iterable.core.json_encoding import dumps
from target_iterable.records.json_texts import from_json

_CACHED_PARTS: Final = 10_000

_GlobPath: TypeAlias = tuple[str, ...]
"""The parts of a glob between its dots, as far as they are not matched yet; empty if all of it has matched."""


class _Part(NamedTuple):
    """A part of a record that is written in whole or in part: the record itself, a column, or an object in it.

    Attributes:
        is_kept: whether its members are written unless a glob drops them; otherwise only those that a glob keeps.
        drop: globs of members to leave out.
        keep: globs of members to write.
    """

    is_kept: bool
    drop: tuple[_GlobPath, ...] = ()
    keep: tuple[_GlobPath, ...] = ()

    @property
    def is_partial(self) -> bool:
        """Whether some of its members may have to be left out."""
        return bool(self.drop) or not self.is_kept


class ColumnSelection:
    """Selects columns and members of objects by globs. A dot in a glob leads into an object: `address.street`.

    Args:
        drop: globs of columns and members that are left out, even if `keep_only` has them, too.
        keep_only: globs of the only columns and members that are written; empty for all.
        is_mark: whether a column only marks rows as deleted, and is never written.
    """

    def __init__(
        self,
        drop: Collection[str] = (),
        keep_only: Collection[str] = (),
        is_mark: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._globs = {"drop": drop, "keep_only": keep_only}
        self._record = _Part(not keep_only, _split(drop), _split(keep_only))
        self._is_partial = self._record.is_partial
        self._is_mark = is_mark

    def includes(self, column: str) -> bool:
        """Whether the column, or a part of it, is written."""
        return not self._is_mark(column) and self._part(column) is not None

    def is_partial(self, column: str) -> bool:
        """Whether the column is written, but members of its values may have to be left out."""
        part = self._part(column)
        return part is not None and part.is_partial

    def trimmed(self, column: str, value: Any) -> Any:
        """The part of a value that is written; `UNSET` if there is none. Globs pass through arrays to their items.

        A text that is JSON of an object or array becomes such a text again: database taps write JSON columns as text.
        """
        part = self._part(column)
        return UNSET if part is None else _trimmed(part, value)

    def schema(self, column: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema of the part of the column that is written."""
        part = self._part(column)
        return schema if part is None else _schema(part, schema)

    def _part(self, column: str) -> _Part | None:
        # A stream may have new columns in each record, so nothing is looked up where everything is written.
        return _member(self._record, column) if self._is_partial else self._record

    def unused_globs(self, columns: Collection[str]) -> dict[str, list[str]]:
        """The globs of each option that match none of the columns."""
        return {
            option: [glob for glob in globs if not any(_remaining([tuple(glob.split("."))], name) for name in columns)]
            for option, globs in self._globs.items()
        }


@lru_cache(_CACHED_PARTS)
def _member(part: _Part, name: str) -> _Part | None:
    """The member `name` of `part`; None if it is left out."""
    drop, keep = _remaining(part.drop, name), _remaining(part.keep, name)
    if () in drop:
        return None
    is_kept = part.is_kept or () in keep
    return _Part(is_kept, tuple(drop), tuple(keep)) if is_kept or keep else None


def _split(globs: Iterable[str]) -> tuple[_GlobPath, ...]:
    return tuple(tuple(glob.split(".")) for glob in globs)


def _remaining(globs: Iterable[_GlobPath], name: str) -> list[_GlobPath]:
    """The remaining parts of those globs whose first parts match the name. A name may have dots, too."""
    return [
        steps[depth:]
        for steps in globs
        for depth in range(1, len(steps) + 1)
        if fnmatchcase(name, ".".join(steps[:depth]))
    ]


def _trimmed(part: _Part, value: Any) -> Any:
    if not part.is_partial or value is None:
        return value
    if isinstance(value, dict):
        members = ((name, _member(part, name), member) for name, member in value.items())
        left = ((name, _trimmed(at, member)) for name, at, member in members if at is not None)
        return {name: member for name, member in left if member is not UNSET}
    if isinstance(value, list):
        return [left for item in value if (left := _trimmed(part, item)) is not UNSET]
    if isinstance(value, str) and isinstance(read := from_json(value), dict | list):
        return dumps(_trimmed(part, read)).decode()
    return value if part.is_kept else UNSET


def _schema(part: _Part, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    members = schema.get("properties")
    if not part.is_partial or not isinstance(members, Mapping):
        return schema
    parts = ((name, _member(part, name), member) for name, member in members.items())
    left = {name: _schema(at, member) for name, at, member in parts if at is not None}
    return {**schema, "properties": left}


EVERYTHING: Final = ColumnSelection()
