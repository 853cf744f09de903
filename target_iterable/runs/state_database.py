"""State database: the stores of the engine, in the database that the setting `ledger` names."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from target_iterable.config.route import CLEAR, MIRROR, NOTHING, Route
from target_iterable.config.setting_error import SettingError
from target_iterable.config.threshold_settings import threshold_setting
from target_iterable.delivery.history import StreamHistory
from target_iterable.ledger.claimer import Claimer
from target_iterable.ledger.deduplicator import Deduplicator
from target_iterable.ledger.idempotency import NoIdempotency
from target_iterable.ledger.idempotency_filter import IdempotencyFilter
from target_iterable.ledger.keys import unknown_key_message
from target_iterable.ledger.opening import open_ledger
from target_iterable.mirror.membership_table import MembershipTable
from target_iterable.mirror.mirror import MAX_SHRINKAGE, Mirror, RemovalPolicy
from target_iterable.mirror.no_mirror import NoMirror
from target_iterable.mirror.stream_mirror import StreamMirror
from target_iterable.runs.store_classes import StoreClasses


class StateDatabase:
    """Open state database.

    Attributes:
        ledger: ledger of the project.

    Raises:
        SettingError: if the database cannot be used, or must know the key of the project and does not.
    """

    def __init__(self, config: Mapping[str, Any], store_classes: StoreClasses, *, must_be_known: bool = False) -> None:
        self._config = config
        self._store_classes = store_classes
        self._members: list[MembershipTable] = []
        self._has_warned = False
        try:
            self.ledger = open_ledger(
                config["ledger"],
                config["api_key"],
                store_classes.ledger,
                ledger_key=config.get("ledger_key"),
                lock_timeout=config["lock_timeout_seconds"],
            )
        except ValueError as error:
            raise SettingError(str(error)) from None
        self._check_known(must=must_be_known)

    def history(self, stream: str, route: Route, *, once_per_key: bool) -> StreamHistory:
        """Return the history of a stream.

        Raises:
            SettingError: if the stream needs the history of earlier runs, and the ledger does not know the project's
                key.
        """
        self._check_known(must=once_per_key or route.mode == MIRROR)
        once = (
            IdempotencyFilter(self._store_classes.idempotency(self.ledger), resend=route.resend_unconfirmed)
            if once_per_key
            else NoIdempotency()
        )
        deduplication = Deduplicator(self.ledger) if route.skip_unchanged else Claimer(self.ledger)
        return StreamHistory(deduplication, once, self._mirror(stream, route))

    def member_count(self, stream: str, route: Route) -> int:
        """Count the members of a mirrored stream that has not come in this run."""
        members = self._store_classes.membership(self.ledger, stream, route.object)
        self._members.append(members)
        return members.member_count()

    def close(self) -> None:
        """Close the connections."""
        for members in self._members:
            members.close()
        self.ledger.close()

    def _check_known(self, *, must: bool) -> None:
        """Check that the ledger knows the project's key.

        Without it, missing members would stay, and effects that must happen once would happen again.

        Raises:
            SettingError: if it does not, and `must` is set; else that is logged once.
        """
        if self.ledger.is_known:
            return
        if must:
            raise SettingError(unknown_key_message())
        if not self._has_warned:
            logger = logging.getLogger("target-iterable.ledger")
            logger.warning("%s Until then all records count as new.", unknown_key_message())
        self._has_warned = True

    def _mirror(self, stream: str, route: Route) -> Mirror:
        if route.mode != MIRROR:
            return NoMirror()
        policy = RemovalPolicy(
            action=route.on_removed if route.on_removed != NOTHING else "",
            keeps_shared=route.on_removed != CLEAR,
            max_removals=route.max_removals or threshold_setting(self._config, "max_removals"),
            at_end=route.complete_at_end,
            needs_declaration=route.needs_declared_end,
            max_shrinkage=route.max_shrinkage or MAX_SHRINKAGE,
            allows_empty=route.allow_empty,
            is_dry_run=self._config["dry_run"],
        )
        members = self._store_classes.membership(self.ledger, stream, route.object)
        self._members.append(members)
        return StreamMirror(members, stream, policy)
