"""Request log: the calls of a run, each with its attempts, in a file if the user asks for one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock, local
from typing import Any, Final

from iterable_api.facts import timestamps
from iterable_api.http.client import Attempt
from iterable_runs.store.facts import RequestFacts
from target_iterable.core import private_files
from target_iterable.core.operation import RowResults

_FLAGS: Final = os.O_CREAT | os.O_WRONLY | os.O_APPEND


class RequestLogNotWrittenError(Exception):
    """A call is missing from the request log."""


@dataclass
class LoggedRequest:
    """One request with records, however often it was tried.

    Attributes:
        stream: stream of the records.
        records: number of records.
        attempts: attempts so far.
        results: parsed response; None if there is none.
    """

    stream: str
    records: int
    attempts: list[Attempt] = field(default_factory=list)
    results: RowResults | None = None

    @property
    def sent_bytes(self) -> int:
        """Bytes of all bodies, those of retries included."""
        return sum(len(attempt.body or b"") for attempt in self.attempts)


class RequestLog:
    """Log of all attempts; with a `path`, one line of JSON each, and with `bodies` also the bodies. Thread-safe.

    Attributes:
        on_request: called with each attempt, whether or not there is a file. The moment is that of its line there.

    Raises:
        OSError: if the file cannot be opened.
    """

    on_request: Callable[[RequestFacts], None] | None = None

    def __init__(self, path: str | None = None, *, bodies: bool = False) -> None:
        self._file = os.open(path, _FLAGS, 0o600) if path else None
        self._bodies = bodies
        self._thread = local()
        self._lock = Lock()

    def record_attempt(self, attempt: Attempt) -> None:
        """Record one attempt of this thread. `IterableClient` calls this.

        Raises:
            RequestLogNotWrittenError: if the file cannot be written.
        """
        request = self._request
        if request is None:
            self._log(attempt, None, {})
        else:
            request.attempts.append(attempt)

    @property
    def stream(self) -> str | None:
        """Stream whose records this thread is sending; None if it sends none."""
        return self._request.stream if self._request is not None else None

    @contextmanager
    def log_request(self, stream: str, records: int) -> Iterator[LoggedRequest]:
        """Collect the attempts of this thread as one request with so many records of `stream`.

        Raises:
            RequestLogNotWrittenError: if the file cannot be written.
        """
        request = self._thread.request = LoggedRequest(stream, records)
        try:
            yield request
        finally:
            self._thread.request = None
            for attempt in request.attempts[:-1]:
                self._log(attempt, stream, {"records": records})
            for attempt in request.attempts[-1:]:
                self._log(attempt, stream, {"records": records, **_counts(request.results)})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def _request(self) -> LoggedRequest | None:
        return getattr(self._thread, "request", None)

    def _log(self, attempt: Attempt, stream: str | None, members: Mapping[str, Any]) -> None:
        now = datetime.now(UTC)
        milliseconds = round(attempt.seconds * 1000)
        if self.on_request is not None:
            at = round(now.timestamp() * 1_000_000)
            request = RequestFacts(
                at, attempt.method, attempt.path, attempt.status, milliseconds, attempt.number, stream
            )
            self.on_request(replace(request, **members))
        if self._file is not None:
            self._write(self._file, now, milliseconds, attempt, members)

    def _write(self, file: int, at: datetime, milliseconds: int, attempt: Attempt, members: Mapping[str, Any]) -> None:
        line: dict[str, Any] = {
            "at": timestamps.to_rfc3339(at),
            "method": attempt.method,
            "path": attempt.path,
            "status": attempt.status,
            "milliseconds": milliseconds,
            **members,
        }
        if self._bodies and attempt.body is not None:
            line["body"] = json.loads(attempt.body)
        try:
            with self._lock:
                private_files.append(file, json.dumps(line).encode() + b"\n", lasting=False)
        except OSError as error:
            raise RequestLogNotWrittenError(
                f"The request log cannot be written (`request_log_path`): {error.strerror}. "
                "State has not moved past the records at hand."
            ) from None


def _counts(results: RowResults | None) -> dict[str, int]:
    if results is None:
        return {}
    names = ("written", "rejected", "unknown")
    return {name: len(getattr(results, name)) for name in names}
