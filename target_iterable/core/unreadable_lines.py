"""Lines of the input that cannot be read: which of them are rejected, for which stream, and what is kept of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, TypeAlias

import msgspec
from singer_sdk.exceptions import InvalidInputLine

from target_iterable.core.input_lines import DECODE_ERRORS, bytes_of, decode_line
from target_iterable.core.rejection import UNREADABLE_LINE, RejectReason
from target_iterable.core.source import InputMessage, Line

OnReject: TypeAlias = Callable[[str, RejectReason, InputMessage], None]
"""Called with the stream, the reason, and the message that is kept."""

_CONTROL_TYPE: Final = re.compile(rb'"type"\s*:\s*"(?:SCHEMA|STATE|ACTIVATE_VERSION|BATCH)')
_RECORD_TYPE: Final = re.compile(rb'"type"\s*:\s*"RECORD"')
_CONTROL_MEMBER: Final = re.compile(rb'"(?:schema|key_properties|value|manifest)"\s*:')
_STREAM: Final = re.compile(rb'"stream"\s*:\s*("(?:[^"\\]|\\.)*")')
_name_of: Final = msgspec.json.Decoder(str).decode


def _refuse(_stream: str, reason: RejectReason, _message: InputMessage) -> None:
    raise InvalidInputLine(reason.reason)


class UnreadableLines:
    """Rejects lines that cannot be read. Lines before the first stream wait for it.

    Args:
        schemas: stream -> its last SCHEMA message.

    Attributes:
        on_reject: takes the rejects. By default, none is taken.
    """

    def __init__(self, schemas: Mapping[str, Line]) -> None:
        self.on_reject: OnReject = _refuse
        self._schemas = schemas
        self._early: list[tuple[Line, InvalidInputLine]] = []

    def reject(self, line: Line, error: InvalidInputLine, last: str) -> None:
        """Reject a line for the stream that it names, or else for `last`, the one before it.

        Raises:
            InvalidInputLine: the given error, if the line may be something other than a record.
        """
        if not _is_surely_record(line):
            raise error from None
        named = _stream_named_in(line)
        stream = named if named is not None and named in self._schemas else last
        if stream not in self._schemas:
            self._early.append((line, error))
            return
        self.reject_record(stream, line, error)

    def reject_record(self, stream: str, line: Line, error: InvalidInputLine) -> None:
        """Reject a line that is a record of `stream`, whatever it holds."""
        text = str(error)
        reason = RejectReason(UNREADABLE_LINE, f"{text[:1].lower()}{text[1:]}")
        self.on_reject(stream, reason, _kept(stream, line, self._schemas[stream]))

    @property
    def are_waiting(self) -> bool:
        """Whether lines wait for the first stream. State must not move then."""
        return bool(self._early)

    def reject_waiting(self, stream: str) -> None:
        """Reject the lines that came before the first stream, now that it has come."""
        early, self._early = self._early, []
        for line, error in early:
            self.reject(line, error, stream)

    def refuse_waiting(self) -> None:
        """Check, at the end of the input, that no line waits.

        Raises:
            InvalidInputLine: about the first one.
        """
        for _, error in self._early:
            raise error


def _is_surely_record(line: Line) -> bool:
    """Whether a line that cannot be read is nothing but a record, or no message at all.

    A SCHEMA or STATE must not get lost unnoticed, so a line in which the type of another message stands is none, and
    neither is one without a type that has a member of theirs.
    """
    content = bytes_of(line)
    if _CONTROL_TYPE.search(content) is not None:
        return False
    return _RECORD_TYPE.search(content) is not None or _CONTROL_MEMBER.search(content) is None


def _stream_named_in(line: Line) -> str | None:
    """Return the stream that a line that cannot be read seems to name."""
    named = _STREAM.search(bytes_of(line))
    with suppress(*DECODE_ERRORS):
        return None if named is None else _name_of(named[1])
    return None


def _kept(stream: str, line: Line, schema: Line) -> InputMessage:
    """Return a line for the rejects: as it came if it is a JSON object, else as the text `line` of a RECORD.

    Bytes that are not UTF-8 are half a surrogate pair there, as Python's `surrogateescape` writes them.
    """
    try:
        is_object = isinstance(decode_line(line)[0], dict)
    except InvalidInputLine:
        is_object = False
    if is_object:
        return InputMessage(line, schema)
    text = line if isinstance(line, str) else line.decode(errors="surrogateescape")
    return InputMessage(json.dumps({"type": "RECORD", "stream": stream, "line": text}).encode(), schema)
