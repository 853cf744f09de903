"""What a stream knows of earlier runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from target_iterable.ledger.no_deduplication import Memory
from target_iterable.ledger.no_idempotency import Once
from target_iterable.mirror.mirror import Mirror


@dataclass(frozen=True)
class Past:
    """By default nothing."""

    memory: Memory = field(default_factory=Memory)
    once: Once = field(default_factory=Once)
    mirror: Mirror = field(default_factory=Mirror)
