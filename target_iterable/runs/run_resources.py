"""What the settings say about delivering: how many records travel together, where rejects go, and what is logged."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Final

from iterable_api.storage.paths import file_problem, folder_problem, sqlite_file
from target_iterable.config.delivery_options import Options
from target_iterable.config.route import Route
from target_iterable.config.setting_error import SettingError, refuse
from target_iterable.config.threshold_settings import most
from target_iterable.delivery.history import StreamHistory
from target_iterable.reporting.audit_log import AuditLog
from target_iterable.reporting.dead_letter_file import DeadLetterFile
from target_iterable.reporting.request_log import RequestLog

if TYPE_CHECKING:
    from target_iterable.runs.state_database import StateDatabase
    from target_iterable.runs.store_classes import StoreClasses


_RUN_BYTES: Final = 8


class RunResources:
    """Checks the settings at the start, before data moves.

    Raises:
        SettingError: for `max_rejects`, `max_removals`, `rejects_path`, `ledger` or `request_log_path`.
    """

    def __init__(
        self, config: Mapping[str, Any], stores: Callable[[], StoreClasses], *, needs_ledger: bool, must_remember: bool
    ) -> None:
        self.options = Options(
            max_rows=config.get("max_batch_rows"),
            max_rejects=most(config, "max_rejects"),
            max_in_flight=config.get("max_in_flight"),
            allows_dropped_fields=config["on_dropped_fields"] == "warn",
            drops_misfits=config["on_type_clash"] == "drop_field",
        )
        self._directory = Path(config["rejects_path"])
        self._started = datetime.now(UTC)
        self.run = token_hex(_RUN_BYTES)
        refuse(folder_problem("rejects_path", config["rejects_path"]))
        refuse(file_problem("ledger", sqlite_file(config["ledger"])))
        most(config, "max_removals")
        self._config = config
        self._stores = stores
        self._state_database = self._opened(must_be_known=must_remember) if needs_ledger else None
        self.request_log = _request_log(config)

    def rejects(self, stream: str) -> DeadLetterFile:
        """The rejects of `stream` in this run."""
        return DeadLetterFile(self._directory, stream, self._started)

    def audit(self, stream: str, route: Route) -> AuditLog:
        """The audit log of `stream` in this run.

        Raises:
            SettingError: if the stream may take something away, and that could not be written down.
        """
        if route.may_remove:
            self.check_audit()
        about = {"run": self.run, "stream": stream, "object": route.object}
        return AuditLog(Path(self._config["audit_path"]), self._started, about, plans=self._config["dry_run"])

    def check_audit(self) -> None:
        """Check that the audit log can be written.

        Raises:
            SettingError: if it cannot.
        """
        refuse(folder_problem("audit_path", self._config["audit_path"]))

    def kept(self, stream: str, route: Route) -> int:
        """How much a mirrored stream that has not come has put into Iterable."""
        return self._state_database.kept(stream, route) if self._state_database is not None else 0

    def history(self, stream: str, route: Route, *, once_per_key: bool) -> StreamHistory:
        """What a stream knows of earlier runs.

        One that skips nothing has a memory, too, if there is a ledger: others may write the same things.

        Raises:
            SettingError: if the ledger is needed, and cannot be used.
        """
        if once_per_key and self._state_database is None:
            self._state_database = self._opened()
        return (
            StreamHistory()
            if self._state_database is None
            else self._state_database.history(stream, route, once_per_key=once_per_key)
        )

    def forget(self, place: str) -> None:
        """Take nothing in `place` for accepted."""
        if self._state_database is not None:
            self._state_database.ledger.invalidate_scope(place)

    def close(self) -> None:
        """Close the files and connections of the run."""
        self.request_log.close()
        if self._state_database is not None:
            self._state_database.close()

    def _opened(self, *, must_be_known: bool = True) -> StateDatabase:
        # Only here, since most runs remember nothing, and what talks to databases takes long to load.
        from target_iterable.runs.state_database import StateDatabase  # noqa: PLC0415

        return StateDatabase(self._config, self._stores(), must_be_known=must_be_known)


def _request_log(config: Mapping[str, Any]) -> RequestLog:
    path = config.get("request_log_path")
    refuse(file_problem("request_log_path", path))
    try:
        return RequestLog(path, bodies=config["request_log_bodies"])
    except OSError as error:
        raise SettingError(f"`request_log_path` cannot be written: {error.strerror}.") from None
