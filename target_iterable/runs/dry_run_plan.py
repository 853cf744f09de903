"""What would be written: the requests as a file, and what they would make."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import simplejson

from target_iterable.core import private_files


class DryRunPlanNotWrittenError(Exception):
    """The plan could not be stored, so it is not complete."""


class DryRunPlan:
    """Threads may share it. Each request is one line: `stream`, `method`, `path`, `body`, exactly as it would be sent.

    Attributes:
        path: the file.
        lists: names of the lists that would be made, in order.
        catalogs: names of the catalogs that would be made, in order.

    Raises:
        OSError: if the file cannot be made.
    """

    def __init__(self, directory: Path) -> None:
        self.path, self._file = private_files.create(
            directory, f"requests-{datetime.now(UTC):%Y%m%dT%H%M%SZ}", ".ndjson"
        )
        self.lists: list[str] = []
        self.catalogs: list[str] = []
        self._lock = Lock()

    def add(self, stream: str | None, method: str, path: str, body: bytes) -> None:
        """Plan one request. `stream` is None for what is not about records; an empty body is null.

        Raises:
            PlanNotWrittenError: if that fails.
        """
        about = simplejson.dumps({"stream": stream, "method": method, "path": path}).encode()
        try:
            with self._lock:
                private_files.append(self._file, about[:-1] + b', "body": ' + (body or b"null") + b"}\n")
        except OSError as error:
            raise DryRunPlanNotWrittenError(
                f"The plan cannot be written to {str(self.path)!r} (`dry_run_path`): {error.strerror}."
            ) from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)
