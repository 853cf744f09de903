"""What a run keeps for later ones, in one database."""

from __future__ import annotations

from dataclasses import dataclass

from target_iterable.delivery.happenings import Happenings
from target_iterable.delivery.ledger import Ledger
from target_iterable.delivery.members import Members


@dataclass(frozen=True)
class Stores:
    """Which classes keep it."""

    ledger: type[Ledger] = Ledger
    happenings: type[Happenings] = Happenings
    members: type[Members] = Members
