"""Every call that the run makes: which belong to which batch, and the log of them that a user may ask for."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Lock, local
from typing import Any, Final

from iterable_api.facts import timestamps
from iterable_api.http.client import Attempt
from target_iterable.core import private_files
from target_iterable.core.operation import RowResults

_FLAGS: Final = os.O_CREAT | os.O_WRONLY | os.O_APPEND


class RequestLogNotWrittenError(Exception):
    """A call was made that the request log does not have."""


@dataclass
class LoggedRequest:
    """One request with records, however often it was tried.

    Attributes:
        stream: whose they are.
        records: how many travelled.
        verdicts: what the answer says of them, if it came to that.
    """

    stream: str
    records: int
    attempts: list[Attempt] = field(default_factory=list)
    results: RowResults | None = None

    @property
    def sent_bytes(self) -> int:
        """Bytes of all bodies, those of repeated tries too."""
        return sum(len(attempt.body or b"") for attempt in self.attempts)


class RequestLog:
    """Threads may share it. With a `path` every try becomes one line of JSON; bodies only if asked for.

    Raises:
        OSError: if the file cannot be opened.
    """

    def __init__(self, path: str | None = None, *, bodies: bool = False) -> None:
        self._file = os.open(path, _FLAGS, 0o600) if path else None
        self._bodies = bodies
        self._here = local()
        self._lock = Lock()

    def record_attempt(self, attempt: Attempt) -> None:
        """One try by this thread; for `IterableClient`."""
        call = self._call
        if call is None:
            self._write(attempt, {})
        else:
            call.attempts.append(attempt)

    @property
    def stream(self) -> str | None:
        """The stream whose records this thread is sending, if it is."""
        return self._call.stream if self._call is not None else None

    @contextmanager
    def log_request(self, stream: str, records: int) -> Iterator[LoggedRequest]:
        """What this thread does inside is one call about so many records of `stream`."""
        call = self._here.call = LoggedRequest(stream, records)
        try:
            yield call
        finally:
            self._here.call = None
            for attempt in call.attempts[:-1]:
                self._write(attempt, {"records": records})
            for attempt in call.attempts[-1:]:
                self._write(attempt, {"records": records, **_counts(call.results)})

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @property
    def _call(self) -> LoggedRequest | None:
        return getattr(self._here, "call", None)

    def _write(self, attempt: Attempt, about: dict[str, int]) -> None:
        if self._file is None:
            return
        line: dict[str, Any] = {
            "at": timestamps.to_rfc3339(datetime.now(UTC)),
            "method": attempt.method,
            "path": attempt.path,
            "status": attempt.status,
            "milliseconds": round(attempt.seconds * 1000),
            **about,
        }
        if self._bodies and attempt.body is not None:
            line["body"] = json.loads(attempt.body)
        try:
            with self._lock:
                private_files.append(self._file, json.dumps(line).encode() + b"\n", lasting=False)
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
