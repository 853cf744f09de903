"""Sums of a run, of a stream, or of a run at one moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Final


@dataclass(frozen=True)
class Totals:
    """Sums over the streams of a run. None where the plugin does not count it.

    Attributes:
        read: records of the target, or rows of the tap.
        lag_seconds: between the newest event and when that was noted; of the tap only.
        limit_share: share of Iterable's limit that was used, of 1, in the stream with the highest one.
    """

    read: int = 0
    written: int | None = None
    unchanged: int | None = None
    rejected: int | None = None
    removed: int | None = None
    requests: int = 0
    retries: int = 0
    bytes: int = 0
    limit_share: float | None = None
    windows: int | None = None
    jobs: int | None = None
    malformed: int | None = None
    lag_seconds: float | None = None

    def as_row(self) -> dict[str, Any]:
        """The columns of the sums."""
        return asdict(self)


FLOAT_TOTALS: Final = ("limit_share", "lag_seconds")
INTEGER_TOTALS: Final = tuple(field.name for field in fields(Totals) if field.name not in FLOAT_TOTALS)
TOTALS: Final = (*INTEGER_TOTALS, *FLOAT_TOTALS)
"""The columns of sums, named as the attributes of `Totals`."""

_OVER_STREAMS: Final[dict[str, Callable[[Sequence[Any]], Any]]] = {"limit_share": max, "lag_seconds": max}


def total_of(parts: Sequence[Totals]) -> Totals:
    """The sums of a run: of its streams, where a number is known in one of them at least."""
    summed: dict[str, Any] = {}
    for name in TOTALS:
        known = [value for part in parts if (value := getattr(part, name)) is not None]
        if known:
            summed[name] = _OVER_STREAMS.get(name, sum)(known)
    return Totals(**summed)
