"""Reading Singer messages without showing them to anybody."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import IO, Any

from singer_sdk.exceptions import InvalidInputLine
from singer_sdk.singerlib.encoding import SimpleSingerReader
from singer_sdk.singerlib.json import deserialize_json


class QuietReader(SimpleSingerReader):
    """Lines that cannot be read are not quoted: they hold personal data. The SDK's reader logs them.

    Attributes:
        on_break: called when reading ends before the end of the input.
    """

    on_break: Callable[[], None] | None = None

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
        try:
            return super().process_lines(file_input, callbacks)
        except BaseException:
            if self.on_break is not None:
                self.on_break()
            raise
