"""History of one stream: its stores of earlier runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from target_iterable.ledger.deduplication import Deduplication, NoDeduplication
from target_iterable.ledger.idempotency import Idempotency, NoIdempotency
from target_iterable.mirror.mirror import Mirror
from target_iterable.mirror.no_mirror import NoMirror


@dataclass(frozen=True)
class StreamHistory:
    """Stores of a stream. The default ones are null objects, which store nothing."""

    deduplication: Deduplication = field(default_factory=NoDeduplication)
    idempotency: Idempotency = field(default_factory=NoIdempotency)
    mirror: Mirror = field(default_factory=NoMirror)
