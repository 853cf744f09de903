"""Input messages that a record comes from."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Line: TypeAlias = str | bytes
"""A line of the input; bytes when it is read from a file."""


class InputMessage(msgspec.Struct, frozen=True, gc=False):
    """RECORD message of a record, and the SCHEMA message before it, as the tap wrote them."""

    record: Line
    schema: Line
