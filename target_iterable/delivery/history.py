"""What a stream knows of earlier runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from target_iterable.ledger.no_deduplication import NoDeduplication
from target_iterable.ledger.no_idempotency import NoIdempotency
from target_iterable.mirror.mirror import NoMirror


@dataclass(frozen=True)
class StreamHistory:
    """By default nothing."""

    deduplication: NoDeduplication = field(default_factory=NoDeduplication)
    idempotency: NoIdempotency = field(default_factory=NoIdempotency)
    mirror: NoMirror = field(default_factory=NoMirror)
