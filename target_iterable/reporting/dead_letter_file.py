"""Dead-letter file: rejected records as a Singer stream. Fix the cause, then run `target-iterable --input FILE`."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import simplejson

from iterable_api.facts import timestamps
from target_iterable.core.input_lines import bytes_of
from target_iterable.core.private_files import StreamFile
from target_iterable.core.rejection import RejectReason
from target_iterable.core.source import Line, Source

_decode_members: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class DeadLettersNotWrittenError(Exception):
    """Rejects could not be stored. State does not move past them."""


class DeadLetterFile:
    """Rejects of one stream in one run: a file created with the first of them, readable by its owner only.

    The RECORD messages are those of the input, byte by byte, with a member `reject` beside `record`, which other
    readers ignore: `code`, `reason`, `field`, `endpoint`, `at`.
    """

    def __init__(self, directory: Path, stream: str, started: datetime) -> None:
        self._directory = directory
        self._file = StreamFile(directory, stream, started, ".singer")
        self._unflushed: list[bytes] = []
        self._schema: Line | None = None

    @property
    def path(self) -> str | None:
        """Path of the file; None as long as there is none."""
        return str(self._file.path) if self._file.path else None

    def add(self, source: Source, reject_reason: RejectReason, endpoint: str | None) -> None:
        """Add one record; it is stored by the next `flush`. `endpoint` is None for a record that was never sent."""
        if source.schema is not self._schema:
            self._schema = source.schema
            self._unflushed.append(_bytes(source.schema) + b"\n")
        reject = {**asdict(reject_reason), "endpoint": endpoint, "at": timestamps.to_rfc3339(datetime.now(UTC))}
        self._unflushed.append(_with_reject(_bytes(source.record), json.dumps(reject).encode()))

    def flush(self) -> None:
        """Store all added records, so that they outlast a power cut.

        Raises:
            DeadLettersNotWrittenError: if that fails; the file then ends with the last whole flush.
        """
        if not self._unflushed:
            return
        try:
            self._file.append(b"".join(self._unflushed))
        except OSError as error:
            raise DeadLettersNotWrittenError(
                f"The rejects cannot be written into {str(self._directory)!r} (in a dry run "
                f"`dry_run_path`, else `rejects_path`): {error.strerror}. State has not moved past them."
            ) from None
        self._unflushed = []

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _bytes(line: Line) -> bytes:
    """Encode the line without its end."""
    return bytes_of(line).strip()


def _with_reject(message: bytes, reject: bytes) -> bytes:
    """Return a line with `reject` as its last member, in place of one that it may have from an earlier run."""
    if b'"reject"' in message:
        message = _without_reject(message)
    return message[:-1] + b',"reject":' + reject + b"}\n"


def _without_reject(message: bytes) -> bytes:
    try:
        members = _decode_members(message)
    except RecursionError:
        # Of two members with the same name, readers take the last.
        return message
    except msgspec.DecodeError:
        # NaN or half a surrogate pair.
        parsed = simplejson.loads(message, use_decimal=True)
        return simplejson.dumps(_others(parsed), use_decimal=True).encode()
    return msgspec.json.encode(_others(members))


def _others(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if name != "reject"}
