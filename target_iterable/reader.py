"""Reading Singer messages: without showing them to anybody, and until somebody says that it is enough."""

from __future__ import annotations

import copy
import json
import logging
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from types import FrameType
from typing import IO, Any, Final, cast

from singer_sdk.exceptions import InvalidInputLine
from singer_sdk.singerlib.encoding import SimpleSingerReader
from singer_sdk.singerlib.json import deserialize_json

from target_iterable.delivery.rejects import Source
from target_iterable.delivery.stream import PostponedError

_logger: Final = logging.getLogger("target-iterable")


class _StoppedError(Exception):
    """Raised out of the wait for the next line."""


class QuietReader(SimpleSingerReader):
    """Lines that cannot be read are not quoted: they hold personal data. The SDK's reader logs them.

    Attributes:
        on_message: called when a message has been dealt with.
        on_state: called when a STATE has come.
        on_break: called when reading ends with an error.
        passes_state: whether STATE messages are handed on; without them, none is ever emitted.
        stopped: whether reading has ended before the end of the input because of `stop`.
        postponed: whether the rest of the input was passed over, because Iterable takes no more today.
    """

    on_message: Callable[[], None] | None = None
    on_state: Callable[[], None] | None = None
    on_break: Callable[[], None] | None = None
    passes_state: bool = True
    stopped: bool = False
    postponed: bool = False

    def __init__(self) -> None:
        super().__init__()
        self._message: dict[str, Any] = {}
        self._schemas: dict[str, dict[str, Any]] = {}
        self._waits = False

    @property
    def source(self) -> Source:
        """The RECORD that is being dealt with."""
        return Source(self._message, self._schemas[self._message["stream"]])

    def stop(self, number: int, _frame: FrameType | None = None) -> None:
        """A handler of signals: end as if the input ended behind the message at hand. A second signal kills."""
        signal.signal(number, signal.SIG_DFL)
        _logger.info("%s: what has been read is delivered, then the run ends.", signal.Signals(number).name)
        self.stopped = True
        if self._waits:
            raise _StoppedError

    def deserialize_json(self, line: str) -> dict[str, Any]:
        """The message in `line`.

        Raises:
            InvalidInputLine: if it is not a JSON object.
        """
        try:
            message = deserialize_json(line)
        except json.JSONDecodeError as error:
            raise InvalidInputLine(f"A line of the input is not JSON: {error.msg} at column {error.colno}") from None
        if not isinstance(message, dict):
            raise InvalidInputLine("A line of the input is JSON, but not an object")
        if message.get("type") == "STATE":
            if self.on_state is not None:
                self.on_state()
            # The SDK writes it without knowing the exact decimals that its reader makes.
            return dict(json.loads(line))
        self._remember(message)
        return message

    @staticmethod
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        """Check that the message has what its type asks for.

        Raises:
            InvalidInputLine: naming what is missing.
        """
        if missing := requires - line_dict.keys():
            kind = line_dict.get("type", "message")
            raise InvalidInputLine(f"A {kind} of the input has no {' and no '.join(sorted(missing))}")

    def process_lines(
        self, file_input: IO[str] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Hand all messages to their callbacks."""
        file = file_input or self.default_input
        if not self.passes_state:
            callbacks = {**callbacks, "STATE": _ignore}
        try:
            return super().process_lines(cast("IO[str]", self._lines(file)), callbacks)
        except PostponedError:
            self.postponed = True
            self._pass_over(file)
            return Counter()
        except BaseException:
            if self.on_break is not None:
                self.on_break()
            raise

    def _pass_over(self, file: IO[str]) -> None:
        """Read to the end: who writes the input must not find the pipe broken."""
        while self._next(file) is not None:
            pass

    def _lines(self, file: IO[str]) -> Iterator[str]:
        """The lines. Asking for the next one means that the one before has been dealt with."""
        while (line := self._next(file)) is not None:
            yield line
            if self.on_message is not None:
                self.on_message()

    def _next(self, file: IO[str]) -> str | None:
        """The next line, unless there is none or reading is to stop. What a signal cuts off is read by the next run."""
        try:
            self._waits = True
            return None if self.stopped else next(file, None)
        except _StoppedError:
            return None
        finally:
            self._waits = False

    def _remember(self, message: dict[str, Any]) -> None:
        self._message = message
        if message.get("type") == "SCHEMA" and "stream" in message:
            # A copy, because the SDK takes columns of its own out of the schema.
            self._schemas[message["stream"]] = copy.deepcopy(message)


def _ignore(_message: dict[str, Any]) -> None:
    """Do nothing."""
