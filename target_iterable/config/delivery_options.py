"""Settings of the delivery, in one object."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from iterable_api.plugin.threshold import Threshold

MAX_BUFFERED_ROWS: Final = 200_000
"""Rows that wait to be sent, by default. Each takes some 600 bytes beside its line of the input."""


@dataclass(frozen=True)
class DeliveryOptions:
    """Settings that all streams of a run share.

    Attributes:
        max_rows: how many rows a request may hold; None for Iterable's own limits.
        max_rejects: how many records of a stream may be rejected before the run stops.
        max_in_flight: how many requests of a stream may be on their way at a time; None for as many as the limit of the
            endpoint suggests.
        allows_dropped_fields: whether the run goes on when Iterable leaves fields out of records that it takes.
        drops_clashing_fields: whether records are sent without fields that do not fit their types in the project,
            instead of being rejected.
        prefers_address: whether the project knows users by their addresses first.
    """

    max_rows: int | None
    max_rejects: Threshold
    max_in_flight: int | None = None
    allows_dropped_fields: bool = True
    drops_clashing_fields: bool = False
    prefers_address: bool = True
