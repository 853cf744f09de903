"""What a run keeps for later ones, in one database."""

from __future__ import annotations

from dataclasses import dataclass

from target_iterable.delivery.happenings import Happenings
from target_iterable.delivery.ledger import Ledger


@dataclass(frozen=True)
class Stores:
    """Which classes keep it."""

    ledger: type[Ledger] = Ledger
    happenings: type[Happenings] = Happenings
