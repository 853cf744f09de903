"""Resources of a run, as the settings ask for them: options, files and the state database."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from iterable_api.facts.identity import ProjectType
from iterable_api.storage.paths import file_problem, folder_problem, sqlite_file
from target_iterable.config.delivery_options import DeliveryOptions
from target_iterable.config.route import Route
from target_iterable.config.setting_error import SettingError, refuse
from target_iterable.config.threshold_settings import threshold_setting
from target_iterable.delivery.history import StreamHistory
from target_iterable.reporting.audit_log import AuditLog
from target_iterable.reporting.dead_letter_file import DeadLetterFile
from target_iterable.reporting.request_log import RequestLog

if TYPE_CHECKING:
    from target_iterable.runs.state_database import StateDatabase
    from target_iterable.runs.store_classes import StoreClasses


class RunResources:
    """Resources of one run. All settings about them are checked at the start, before data moves.

    Attributes:
        options: options of all deliveries.
        run_id: id of the run in summary and audit log.
        request_log: log of all requests.

    Raises:
        SettingError: for `max_rejects`, `max_removals`, `rejects_path`, `ledger` or `request_log_path`.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        store_classes: Callable[[], StoreClasses],
        *,
        run_id: str,
        needs_ledger: bool,
        must_remember: bool,
    ) -> None:
        self.options = DeliveryOptions(
            max_rows=config.get("max_batch_rows"),
            max_rejects=threshold_setting(config, "max_rejects"),
            max_in_flight=config.get("max_in_flight"),
            allows_dropped_fields=config["on_dropped_fields"] == "warn",
            drops_clashing_fields=config["on_type_clash"] == "drop_field",
            prefers_address=config["project_type"] == ProjectType.EMAIL,
        )
        self._directory = Path(config["rejects_path"])
        self._started = datetime.now(UTC)
        self.run_id = run_id
        refuse(folder_problem("rejects_path", config["rejects_path"]))
        refuse(file_problem("ledger", sqlite_file(config["ledger"])))
        threshold_setting(config, "max_removals")
        self._config = config
        self._store_classes = store_classes
        self._state_database = self._open_database(must_be_known=must_remember) if needs_ledger else None
        self.request_log = _request_log(config)

    def dead_letter_file(self, stream: str) -> DeadLetterFile:
        """Return the dead-letter file of `stream` in this run."""
        return DeadLetterFile(self._directory, stream, self._started)

    def audit_log(self, stream: str, route: Route) -> AuditLog:
        """Return the audit log of `stream` in this run.

        Raises:
            SettingError: if the stream may remove something, and the audit log cannot be written.
        """
        if route.may_remove:
            self.check_audit_path()
        members = {"run": self.run_id, "stream": stream, "object": route.object}
        return AuditLog(Path(self._config["audit_path"]), self._started, members, plans=self._config["dry_run"])

    def check_audit_path(self) -> None:
        """Check that the audit log can be written.

        Raises:
            SettingError: if it cannot.
        """
        refuse(folder_problem("audit_path", self._config["audit_path"]))

    def member_count(self, stream: str, route: Route) -> int:
        """Count the members of a mirrored stream that has not come in this run."""
        return self._state_database.member_count(stream, route) if self._state_database is not None else 0

    def history(self, stream: str, route: Route, *, once_per_key: bool) -> StreamHistory:
        """Return the history of a stream.

        Without deduplication it still claims keys, if there is a ledger: other streams may write the same things.

        Raises:
            SettingError: if the ledger is needed, and cannot be used.
        """
        if once_per_key and self._state_database is None:
            self._state_database = self._open_database()
        return (
            StreamHistory()
            if self._state_database is None
            else self._state_database.history(stream, route, once_per_key=once_per_key)
        )

    def invalidate_scope(self, scope: str) -> None:
        """Invalidate all contents of a scope of deduplication, if there is a ledger."""
        if self._state_database is not None:
            self._state_database.ledger.invalidate_scope(scope)

    def close(self) -> None:
        """Close the files and connections of the run."""
        self.request_log.close()
        if self._state_database is not None:
            self._state_database.close()

    def _open_database(self, *, must_be_known: bool = True) -> StateDatabase:
        # Imported here, since most runs need no database, and its modules take long to load.
        from target_iterable.runs.state_database import StateDatabase  # noqa: PLC0415

        return StateDatabase(self._config, self._store_classes(), must_be_known=must_be_known)


def _request_log(config: Mapping[str, Any]) -> RequestLog:
    path = config.get("request_log_path")
    refuse(file_problem("request_log_path", path))
    try:
        return RequestLog(path, bodies=config["request_log_bodies"])
    except OSError as error:
        raise SettingError(f"`request_log_path` cannot be written: {error.strerror}.") from None
