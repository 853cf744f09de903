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
from target_iterable.delivery.memory import LedgerMemory, Memory
from target_iterable.delivery.rejects import Rejects
from target_iterable.delivery.stream import Options
from target_iterable.setting_error import SettingError


class Outlet:
    """Checks the settings at the start, before data moves.

    Raises:
        SettingError: for `max_rejects`, `rejects_path`, `ledger` or `request_log_path`.
    """

    def __init__(self, config: Mapping[str, Any], ledger: type[Ledger] | None) -> None:
        self.options = Options(
            max_rows=config["max_batch_rows"],
            allowance=allowance(config),
            max_in_flight=config.get("max_in_flight"),
            bears_dropped_fields=config["on_dropped_fields"] == "warn",
        )
        self._directory = Path(config["rejects_path"])
        self._started = datetime.now(UTC)
        _check(self._directory)
        self._ledger = None if ledger is None else _ledger(config, ledger)
        self.journal = _journal(config)

    def rejects(self, stream: str) -> Rejects:
        """The rejects of `stream` in this run."""
        return Rejects(self._directory, stream, self._started)

    def memory(self, *, skip: bool) -> Memory:
        """What a stream remembers. A stream that skips nothing has one, too: others may write the same things."""
        return Memory() if self._ledger is None else LedgerMemory(self._ledger, skip=skip)

    def forget(self, place: str) -> None:
        """Take nothing in `place` for accepted."""
        if self._ledger is not None:
            self._ledger.forget_place(place)

    def close(self) -> None:
        """Close the files and connections of the run."""
        self.journal.close()
        if self._ledger is not None:
            self._ledger.close()


def allowance(config: Mapping[str, Any]) -> Allowance:
    """What `max_rejects` says.

    Raises:
        SettingError: if it says nothing.
    """
    try:
        return Allowance.parse(str(config["max_rejects"]))
    except ValueError as error:
        raise SettingError(f"`max_rejects` {error}.") from None


def _journal(config: Mapping[str, Any]) -> Journal:
    try:
        return Journal(config.get("request_log_path"), bodies=config["request_log_bodies"])
    except OSError as error:
        raise SettingError(f"`request_log_path` cannot be written: {error.strerror}.") from None


def _ledger(config: Mapping[str, Any], kind: type[Ledger]) -> Ledger:
    try:
        return open_ledger(config["ledger"], config["api_key"], kind)
    except ValueError as error:
        raise SettingError(str(error)) from None


def _check(directory: Path) -> None:
    """Refuse a directory that could not be made or written into; it is made with the first reject."""
    nearest = next(path for path in (directory.absolute(), *directory.absolute().parents) if path.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise SettingError(
            f"`rejects_path` cannot be written: {str(nearest)!r} is not a directory that we may write into."
        )
