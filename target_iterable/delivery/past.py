"""What a stream knows of earlier runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from target_iterable.delivery.memory import Memory
from target_iterable.delivery.mirror import Mirror
from target_iterable.delivery.once import Once


@dataclass(frozen=True)
class Past:
    """By default nothing."""

    memory: Memory = field(default_factory=Memory)
    once: Once = field(default_factory=Once)
    mirror: Mirror = field(default_factory=Mirror)
