"""What the settings say about delivering."""

from __future__ import annotations

from dataclasses import dataclass

from target_iterable.core.threshold import Threshold


@dataclass(frozen=True)
class Options:
    """What the settings say about all deliveries.

    Attributes:
        max_in_flight: None for what the endpoint's limit suggests.
        allows_dropped_fields: whether the run goes on when Iterable leaves fields out of records it takes.
        drops_misfits: whether records go without fields whose types clash, instead of being rejected.
    """

    max_rows: int | None
    max_rejects: Threshold
    max_in_flight: int | None = None
    allows_dropped_fields: bool = True
    drops_misfits: bool = False
