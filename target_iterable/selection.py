"""Which columns travel to Iterable, and which members of the objects in them: `drop` and `keep_only` of a route."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Any, Final, NamedTuple

from msgspec import UNSET

from target_iterable.delivery.serialise import dumps
from target_iterable.json_texts import from_json

_REMEMBERED: Final = 10_000


class _Fate(NamedTuple):
    """What becomes of a column or member: whether all of it is kept, or else what is kept in it; whether to look in."""

    kept: bool
    opens: bool

    @property
    def travels(self) -> bool:
        return self.kept or self.opens


class Selection:
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
        self.drop = tuple(drop)
        self.keep_only = tuple(keep_only)
        self._is_mark = is_mark
        self._column_fate = lru_cache(_REMEMBERED)(self._fate_of_column)
        self._member_fate = lru_cache(_REMEMBERED)(self._fate_of_member)

    def takes(self, column: str) -> bool:
        """Whether the column, or something in it, travels."""
        return self._column_fate(column).travels

    def opens(self, column: str) -> bool:
        """Whether a part of what is in the column may have to stay here."""
        return self._column_fate(column).opens

    def trimmed(self, column: str, value: Any) -> Any:
        """What travels of a value; `UNSET` if nothing does. Arrays stand for what is in them.

        A text that is JSON of an object or array stays one: database taps write JSON columns as text.
        """
        return self._trimmed(column, value, self._column_fate(column))

    def schema(self, column: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The schema of what travels of the column."""
        return self._schema(column, schema, self._column_fate(column))

    def idle(self, columns: Collection[str]) -> dict[str, list[str]]:
        """The globs of each option that fit none of the columns."""
        options = {"drop": self.drop, "keep_only": self.keep_only}
        return {option: [glob for glob in globs if not _fits_any(glob, columns)] for option, globs in options.items()}

    def _fate_of_column(self, column: str) -> _Fate:
        if self._is_mark(column):
            return _STAYS
        return _fate(column, self.drop, self.keep_only, kept=not self.keep_only)

    def _fate_of_member(self, path: str, *, kept: bool) -> _Fate:
        return _fate(path, _inner(self.drop), _inner(self.keep_only), kept=kept)

    def _trimmed(self, path: str, value: Any, fate: _Fate) -> Any:
        if not fate.opens or value is None:
            return value
        if isinstance(value, str):
            return self._trimmed_text(path, value, fate)
        if isinstance(value, list):
            return [left for item in value if (left := self._trimmed(path, item, fate)) is not UNSET]
        if not isinstance(value, dict):
            return value if fate.kept else UNSET
        fates = {name: self._member_fate(f"{path}.{name}", kept=fate.kept) for name in value}
        left = {
            name: self._trimmed(f"{path}.{name}", member, fates[name])
            for name, member in value.items()
            if fates[name].travels
        }
        return {name: member for name, member in left.items() if member is not UNSET}

    def _trimmed_text(self, path: str, text: str, fate: _Fate) -> Any:
        value = from_json(text)
        if isinstance(value, dict | list):
            return dumps(self._trimmed(path, value, fate)).decode()
        return text if fate.kept else UNSET

    def _schema(self, path: str, schema: Mapping[str, Any], fate: _Fate) -> Mapping[str, Any]:
        members = schema.get("properties")
        if not fate.opens or not isinstance(members, Mapping):
            return schema
        fates = {name: self._member_fate(f"{path}.{name}", kept=fate.kept) for name in members}
        left = {
            name: self._schema(f"{path}.{name}", member, fates[name])
            for name, member in members.items()
            if fates[name].travels
        }
        return {**schema, "properties": left}


EVERYTHING: Final = Selection()

_STAYS: Final = _Fate(kept=False, opens=False)


def _fate(path: str, drop: Iterable[str], keep_only: Iterable[str], *, kept: bool) -> _Fate:
    """`kept` says whether it is kept unless it fits `drop`."""
    if _fits(path, drop):
        return _STAYS
    kept = kept or _fits(path, keep_only)
    return _Fate(kept, any(_leads_in(glob, path) for glob in (drop if kept else keep_only)))


def _fits(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _inner(globs: Sequence[str]) -> list[str]:
    """Those that may name members: without a dot, a glob is about columns alone."""
    return [glob for glob in globs if "." in glob]


def _leads_in(glob: str, path: str) -> bool:
    """Whether the glob may fit something in what is at `path`."""
    steps = glob.split(".")
    return any(fnmatchcase(path, ".".join(steps[:depth])) for depth in range(1, len(steps)))


def _fits_any(glob: str, columns: Iterable[str]) -> bool:
    return any(fnmatchcase(column, glob) or _leads_in(glob, column) for column in columns)
