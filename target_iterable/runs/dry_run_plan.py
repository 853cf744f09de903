"""Plan of a dry run: the requests that would be sent, in a file, and the lists and catalogs that would be created."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import simplejson

from target_iterable.core import private_files


class DryRunPlanNotWrittenError(Exception):
    """A request could not be stored, so the plan is incomplete."""


class DryRunPlan:
    """Planned requests, one a line: `stream`, `method`, `path`, and `body` exactly as it would be sent. Thread-safe.

    Attributes:
        path: the file.
        lists: names of the lists that would be created, in order.
        catalogs: names of the catalogs that would be created, in order.

    Raises:
        OSError: if the file cannot be created.
    """

    def __init__(self, directory: Path) -> None:
        self.path, self._file = private_files.create(
            directory, f"requests-{datetime.now(UTC):%Y%m%dT%H%M%SZ}", ".ndjson"
        )
        self.lists: list[str] = []
        self.catalogs: list[str] = []
        self._lock = Lock()

    def add(self, stream: str | None, method: str, path: str, body: bytes) -> None:
        """Plan one request. `stream` is None if it is not about records; an empty body is null.

        Raises:
            DryRunPlanNotWrittenError: if the file cannot be written.
        """
        head = simplejson.dumps({"stream": stream, "method": method, "path": path}).encode()
        try:
            with self._lock:
                private_files.append(self._file, head[:-1] + b', "body": ' + (body or b"null") + b"}\n")
        except OSError as error:
            raise DryRunPlanNotWrittenError(
                f"The plan cannot be written to {str(self.path)!r} (`dry_run_path`): {error.strerror}."
            ) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
