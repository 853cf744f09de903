"""From `obj.users[3].preferUserId: Boolean value expected` to the rows that are really so."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import simplejson

from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RejectReason
from target_iterable.records.numbers import is_number

BAD_SHAPE: Final = "BadJsonBody"

_PLACE: Final = re.compile(r"obj\.(?P<collection>\w+)\[\d+\]\.(?P<path>.+)")
_EXPECTED: Final = re.compile(r"(?P<kind>\w+) value expected")
_STEP: Final = re.compile(r"([^.\[\]]+)|\[(\d+)\]")
_IS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "boolean": lambda value: isinstance(value, bool),
    "number": is_number,
    "string": lambda value: isinstance(value, str),
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
}


def violating_rows(rows: Sequence[Operation], violations: Mapping[str, str]) -> dict[Operation, RejectReason]:
    """The rows that violate what Iterable says of one of them.

    The index in the place is not believed: it was seen to point to the wrong row. A violation that no
    row bears out is left out.
    """
    found: dict[Operation, RejectReason] = {}
    for place, message in violations.items():
        where, what = _PLACE.fullmatch(place), _EXPECTED.fullmatch(message)
        if where is None or what is None or what["kind"].lower() not in _IS:
            continue
        kind, path = what["kind"].lower(), where["path"]
        reject_reason = RejectReason(BAD_SHAPE, f"{path!r} must be of the kind {kind}", path)
        found |= {row: reject_reason for row in rows if _violates(row, path, _IS[kind])}
    return found


def _violates(row: Operation, path: str, is_right: Callable[[Any], bool]) -> bool:
    value = simplejson.loads(row.part) if row.part.startswith(b"{") else {}
    for name, index in _STEP.findall(path):
        if isinstance(value, dict) and name:
            value = value.get(name)
        elif isinstance(value, list) and index and int(index) < len(value):
            value = value[int(index)]
        else:
            return False
    return value is not None and not is_right(value)
