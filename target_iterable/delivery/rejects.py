"""Rejected records, kept as a Singer stream: mend the cause, then `target-iterable --input FILE`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import simplejson

from iterable_api import times
from target_iterable.delivery import private_files
from target_iterable.delivery.refusal import Refusal

_UNSAFE: Final = re.compile(r"[^\w.-]", re.ASCII)


class RejectsNotWrittenError(Exception):
    """Rejects could not be stored, so state must not move past them."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a record comes from: its RECORD message and the SCHEMA message before it, as the tap wrote them."""

    record: Mapping[str, Any]
    schema: Mapping[str, Any]


class Rejects:
    """The rejects of one stream in one run: a file of its own, made with the first of them, for its owner only.

    The RECORD messages are those of the input, with a member `reject` beside `record`, which readers pass
    over: `code`, `reason`, `field`, `endpoint`, `at`.
    """

    def __init__(self, directory: Path, stream: str, started: datetime) -> None:
        self._directory = directory
        self._stem = f"{_UNSAFE.sub('_', stream)}-{started.astimezone(UTC):%Y%m%dT%H%M%SZ}"
        self._file: int | None = None
        self._waiting: list[bytes] = []
        self._schema: Mapping[str, Any] | None = None

    def add(self, source: Source, refusal: Refusal, endpoint: str | None) -> None:
        """Keep one record until the next `flush`. `endpoint` is None for what was never sent."""
        if source.schema is not self._schema:
            self._schema = source.schema
            self._waiting.append(_line(source.schema))
        reject = {**asdict(refusal), "endpoint": endpoint, "at": times.to_rfc3339(datetime.now(UTC))}
        self._waiting.append(_line({**source.record, "reject": reject}))

    def flush(self) -> None:
        """Bring everything to the disk, so that it outlasts a power cut.

        Raises:
            RejectsNotWrittenError: if that fails; the file then ends with the last whole flush.
        """
        if not self._waiting:
            return
        try:
            if self._file is None:
                _, self._file = private_files.create(self._directory, self._stem, ".singer")
            private_files.append(self._file, b"".join(self._waiting))
        except OSError as error:
            raise RejectsNotWrittenError(
                f"The rejects cannot be written into {str(self._directory)!r} (in a dry run "
                f"`dry_run_path`, else `rejects_path`): {error.strerror}. State has not moved past them."
            ) from None
        self._waiting = []

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _line(message: Mapping[str, Any]) -> bytes:
    """Everything that the reader takes can be written, also what Iterable cannot take: NaN, half a surrogate pair."""
    return simplejson.dumps(message, use_decimal=True, ensure_ascii=True, allow_nan=True).encode() + b"\n"
