"""What the settings say about delivering: how many records travel together, where rejects go, and what is logged."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from target_iterable.delivery.allowance import Allowance
from target_iterable.delivery.journal import Journal
from target_iterable.delivery.ledger import Ledger, open_ledger
from target_iterable.delivery.members import Members
from target_iterable.delivery.memory import LedgerMemory
from target_iterable.delivery.mirror import MemberMirror, Mirror, Terms
from target_iterable.delivery.once import Once, OncePerKey
from target_iterable.delivery.options import Options
from target_iterable.delivery.past import Past
from target_iterable.delivery.rejects import Rejects
from target_iterable.delivery.stores import Stores
from target_iterable.routes import CLEAR, MIRROR, NOTHING, Route
from target_iterable.setting_error import SettingError


class Outlet:
    """Checks the settings at the start, before data moves.

    Raises:
        SettingError: for `max_rejects`, `max_removals`, `rejects_path`, `ledger` or `request_log_path`.
    """

    def __init__(self, config: Mapping[str, Any], stores: Stores, *, needs_ledger: bool) -> None:
        self.options = Options(
            max_rows=config.get("max_batch_rows"),
            allowance=most(config, "max_rejects"),
            max_in_flight=config.get("max_in_flight"),
            bears_dropped_fields=config["on_dropped_fields"] == "warn",
            trims=config["on_type_clash"] == "drop_field",
        )
        self._directory = Path(config["rejects_path"])
        self._started = datetime.now(UTC)
        _check(self._directory)
        most(config, "max_removals")
        self._config = config
        self._stores = stores
        self._members: list[Members] = []
        self._ledger = self._opened() if needs_ledger else None
        self.journal = _journal(config)

    def rejects(self, stream: str) -> Rejects:
        """The rejects of `stream` in this run."""
        return Rejects(self._directory, stream, self._started)

    def past(self, stream: str, route: Route, *, once_per_key: bool) -> Past:
        """What a stream knows of earlier runs.

        One that skips nothing has a memory, too, if there is a ledger: others may write the same things.

        Raises:
            SettingError: if the ledger is needed, and cannot be used.
        """
        if once_per_key and self._ledger is None:
            self._ledger = self._opened()
        if self._ledger is None:
            return Past()
        once = OncePerKey(self._stores.happenings(self._ledger), resend=route.resend) if once_per_key else Once()
        return Past(LedgerMemory(self._ledger, skip=route.skip_unchanged), once, self._mirror(stream, route))

    def forget(self, place: str) -> None:
        """Take nothing in `place` for accepted."""
        if self._ledger is not None:
            self._ledger.forget_place(place)

    def close(self) -> None:
        """Close the files and connections of the run."""
        self.journal.close()
        for members in self._members:
            members.close()
        if self._ledger is not None:
            self._ledger.close()

    def _mirror(self, stream: str, route: Route) -> Mirror:
        if route.mode != MIRROR or self._ledger is None:
            return Mirror()
        terms = Terms(
            removes=route.on_removed != NOTHING,
            shares=route.on_removed != CLEAR,
            allowance=route.max_removals or most(self._config, "max_removals"),
            at_end=route.complete_at_end,
            plans=self._config["dry_run"],
        )
        members = self._stores.members(self._ledger, stream, route.object)
        self._members.append(members)
        return MemberMirror(members, stream, terms)

    def _opened(self) -> Ledger:
        try:
            return open_ledger(self._config["ledger"], self._config["api_key"], self._stores.ledger)
        except ValueError as error:
            raise SettingError(str(error)) from None


def most(config: Mapping[str, Any], setting: str) -> Allowance:
    """How much a setting allows.

    Raises:
        SettingError: if it says nothing.
    """
    try:
        return Allowance.parse(str(config[setting]))
    except ValueError as error:
        raise SettingError(f"`{setting}` {error}.") from None


def _journal(config: Mapping[str, Any]) -> Journal:
    try:
        return Journal(config.get("request_log_path"), bodies=config["request_log_bodies"])
    except OSError as error:
        raise SettingError(f"`request_log_path` cannot be written: {error.strerror}.") from None


def _check(directory: Path) -> None:
    """Refuse a directory that could not be made or written into; it is made with the first reject."""
    nearest = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise SettingError(
            f"`rejects_path` cannot be written: {str(nearest)!r} is not a directory that we may write into."
        )
