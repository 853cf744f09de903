"""Reading of Singer messages: their content never reaches a log, and reading can be stopped."""

from __future__ import annotations

import logging
import signal
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from types import FrameType
from typing import IO, Any, Final, TypeAlias

from singer_sdk.exceptions import InvalidInputLine, RecordsWithoutSchemaException
from singer_sdk.singerlib.encoding import SimpleSingerReader

from iterable_api.waiting.shutdown import GRACE_SECONDS
from target_iterable.columnar.line_block import (
    BATCH,
    RECORD,
    SCHEMA,
    STATE,
    DecodedMessage,
    LineBlock,
    MessageBlock,
)
from target_iterable.columnar.line_reader import StoppableInput
from target_iterable.columnar_path import ColumnarPath, version_in
from target_iterable.core.input_lines import decode_line, state_text, with_floats
from target_iterable.core.source import InputMessage, Line
from target_iterable.core.unreadable_lines import UnreadableLines
from target_iterable.delivery.errors import PostponedError
from target_iterable.schemas.schema_messages import refuse_malformed

_Callback: TypeAlias = Callable[[dict[str, Any]], None]
_Decode: TypeAlias = Callable[[Line], DecodedMessage]
_Blocks: TypeAlias = Generator[MessageBlock, None, None]

_logger: Final = logging.getLogger("target-iterable")


def _no_path(_stream: str) -> ColumnarPath | None:
    return None


def _no_files(_message: Mapping[str, Any], _decode: _Decode) -> _Blocks:
    yield from ()


class SingerReader(SimpleSingerReader):
    """Reader that, unlike the SDK's, never logs an unreadable line: lines hold personal data.

    STATE messages get the text of their value in place of the value.

    Attributes:
        path_of: returns the columnar path of a stream, if it has one.
        blocks_of: yields the records in the files of a BATCH message.
        on_message: called after each message, or block of messages, that was processed.
        on_version: callback for ACTIVATE_VERSION; the SDK's would warn of columns that are never written here.
        on_state: called with the value of each STATE message, and its text.
        on_break: called if reading ends with an error.
        passes_state: whether STATE messages are processed; if not, no state is ever emitted.
        is_exact: whether all values of the last message are standard JSON. Python's own parser, the fallback of the
            faster one, also accepts NaN and lone surrogates, which Iterable refuses.
        unreadable: the lines that cannot be read.
        postponed: whether the rest of the input was skipped, because Iterable accepts no more today.
    """

    path_of: Callable[[str], ColumnarPath | None] = _no_path
    blocks_of: Callable[[Mapping[str, Any], _Decode], _Blocks] = _no_files
    on_message: Callable[[], None] | None = None
    on_version: Callable[[dict[str, Any]], None] | None = None
    on_state: Callable[[Any, str], None] | None = None
    on_break: Callable[[], None] | None = None
    passes_state: bool = True
    is_exact: bool = True
    postponed: bool = False

    def __init__(self) -> None:
        super().__init__()
        self._line: Line = b""
        self._stream = ""
        self._schemas: dict[str, Line] = {}
        self._input = StoppableInput()
        self._version: Any = None
        self._record: Any = None
        self._number = 0
        self.unreadable = UnreadableLines(self._schemas)
        self._held_state: tuple[Line, dict[str, Any]] | None = None

    @property
    def stopped(self) -> bool:
        """Whether `stop` ended the reading before the end of the input."""
        return self._input.stopped

    @property
    def record(self) -> Mapping[str, Any]:
        """Record of the current message, as received; None if it has none."""
        return self._record if isinstance(self._record, dict) else {}

    @property
    def version(self) -> int | None:
        """Version of the current message; None unless it is a whole number."""
        return version_in(self._version)

    @property
    def source(self) -> InputMessage:
        """The current RECORD message with its SCHEMA message."""
        return InputMessage(self._line, self._schemas[self._stream])

    def stop(self, number: int, _frame: FrameType | None = None) -> None:
        """Signal handler: stop as if the input ended after the current message. A second signal kills the process."""
        signal.signal(number, signal.SIG_DFL)
        _logger.info(
            "%s: what has been read is delivered as far as that takes less than %g s, then the run ends.",
            signal.Signals(number).name,
            GRACE_SECONDS,
        )
        self._input.stop()

    def deserialize_json(self, line: Line) -> dict[str, Any]:
        """Decode the message in `line`. Numbers with a decimal point become `Decimal`, so that no digit is lost.

        Raises:
            InvalidInputLine: if it is not a JSON object.
        """
        message, self.is_exact = decode_line(line)
        if not isinstance(message, dict):
            raise InvalidInputLine("A line of the input is JSON, but not an object")
        return message

    @staticmethod
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        """Check that the message has the members that its type requires.

        Raises:
            InvalidInputLine: naming what is missing.
        """
        if missing := requires - line_dict.keys():
            kind = line_dict.get("type", "message")
            raise InvalidInputLine(f"A {kind} of the input has no {' and no '.join(sorted(missing))}")

    def process_lines(self, file_input: IO[str] | None, callbacks: dict[str, _Callback]) -> Counter[str]:
        """Pass all messages to their callbacks; return the number of messages by type."""
        if not self.passes_state:
            callbacks["STATE"] = _ignore
        if self.on_version is not None:
            callbacks["ACTIVATE_VERSION"] = self.on_version
        counts: Counter[str] = Counter()
        blocks = self._input.blocks(file_input or self.default_input)
        try:
            for lines in blocks:
                self._process_block(LineBlock(lines, self._decoded, self._number), callbacks, counts)
                self._number += len(lines)
            self.unreadable.refuse_waiting()
        except PostponedError:
            self.postponed = True
            # The writer of the input must not get a broken pipe.
            deque(blocks, maxlen=0)
        except BaseException:
            if self.on_break is not None:
                self.on_break()
            raise
        return counts

    def _process_block(self, block: MessageBlock, callbacks: dict[str, _Callback], counts: Counter[str]) -> None:
        """Process the messages of a block, as many as possible at a time."""
        place, looked = 0, dict[ColumnarPath, int]()
        while place < len(block) and not self.stopped:
            taken = self._take(block, place, looked)
            counts[RECORD] += taken
            if not taken and block.line(place).strip():
                try:
                    if self._switches(block.message(place).message):
                        continue
                    type_ = self._process(block, place, callbacks)
                    counts[type_] += 1
                    if type_ == BATCH:
                        # The paths have looked at other blocks meanwhile.
                        looked.clear()
                except InvalidInputLine as error:
                    self._reject(block, place, error)
            place += max(taken, 1)
            if self.on_message is not None and not self.unreadable.are_waiting:
                self.on_message()

    def _reject(self, block: MessageBlock, place: int, error: InvalidInputLine) -> None:
        """Reject an unreadable record.

        Raises:
            InvalidInputLine: with the number of the line, if it is another message, or may be one.
        """
        if block.stream:
            self.unreadable.reject_record(
                block.stream, block.line(place), InvalidInputLine(f"{error} ({block.describe(place)})")
            )
            return
        kind = block.kind(place)
        text = f"Stream {kind.stream!r}: {error}" if kind is not None and kind.type == SCHEMA else str(error)
        numbered = InvalidInputLine(f"{text} ({block.describe(place)})")
        if kind is not None and kind.type != RECORD:
            raise numbered from None
        self._version = None
        self.unreadable.reject(block.line(place), numbered, self._stream)

    def _take(self, block: MessageBlock, place: int, looked: dict[ColumnarPath, int]) -> int:
        """Deliver messages together, from this one on; return how many. `looked`: path -> first index it has read."""
        path = self.path_of(self._stream)
        if path is None:
            return 0
        if path not in looked:
            looked[path] = place
            path.look(block, place)
        return path.take(place - looked[path], self._schemas[self._stream])

    def _switches(self, message: dict[str, Any]) -> bool:
        """Switch to the columnar path of the stream whose record the message is; return whether there was one."""
        stream = message.get("stream")
        if stream == self._stream or stream.__class__ is not str or message.get("type") != RECORD:
            return False
        has_path = self.path_of(stream) is not None
        if has_path:
            self._stream = stream
        return has_path

    def _decoded(self, line: Line) -> DecodedMessage:
        message = self.deserialize_json(line)
        return DecodedMessage(message, self.is_exact)

    def _process(self, block: MessageBlock, place: int, callbacks: dict[str, _Callback]) -> str:
        """Process one message; return its type."""
        message, self.is_exact = block.message(place)
        stream = message.get("stream", "")
        if stream.__class__ is not str:
            raise InvalidInputLine("A message of the input is of a stream whose name is not a text")
        self._line, self._record, self._version = block.line(place), message.get("record"), message.get("version")
        if message.get("type") == RECORD:
            self.assert_line_requires(message, {"stream", "record"})
            self._stream = stream
            callbacks[RECORD](message)
            return RECORD
        self.assert_line_requires(message, {"type"})
        type_ = str(message["type"])
        if type_ == BATCH:
            self._process_batch(message, callbacks)
            return type_
        callback = callbacks.get(type_, _refuse_unknown)
        if type_ == STATE:
            self._process_state(message, callback)
            return type_
        self._stream = stream
        if type_ == SCHEMA:
            refuse_malformed(message)
            self._schemas[stream] = self._line
        # Schemas are compiled, and that wants the numbers of Python.
        callback(with_floats(self._line))
        if type_ == SCHEMA:
            self._release(callbacks)
        return type_

    def _process_batch(self, message: Mapping[str, Any], callbacks: dict[str, _Callback]) -> None:
        """Process the records in the files of a BATCH message as if there were a RECORD message for each."""
        with closing(self.blocks_of(message, self._decoded)) as blocks:
            for block in blocks:
                if message["stream"] not in self._schemas:
                    raise RecordsWithoutSchemaException(
                        f"A BATCH of the stream {message['stream']!r} has come before a SCHEMA of it."
                    )
                self._process_block(block, callbacks, Counter())
                if self.stopped:
                    return

    def _process_state(self, message: dict[str, Any], callback: _Callback) -> None:
        self.assert_line_requires(message, {"value"})
        if self.unreadable.are_waiting:
            self._held_state = self._line, message
            return
        value = message["value"]
        text = state_text(self._line) if value else ""
        if self.on_state is not None:
            self.on_state(value, text)
        callback({"type": STATE, "value": text})

    def _release(self, callbacks: dict[str, _Callback]) -> None:
        """Reject the lines that have waited for a stream, and process the state that came behind them."""
        self.unreadable.reject_waiting(self._stream)
        held, self._held_state = self._held_state, None
        if held is not None:
            self._line, message = held
            self._process_state(message, callbacks[STATE])


def _refuse_unknown(_message: dict[str, Any]) -> None:
    raise InvalidInputLine("A message of the input is of a type that is not known")


def _ignore(_message: dict[str, Any]) -> None:
    """Do nothing."""
