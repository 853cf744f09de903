"""The input messages that a record comes from."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Line: TypeAlias = str | bytes
"""A line of the input. Files hold bytes."""


class InputMessage(msgspec.Struct, frozen=True, gc=False):
    """Where a record comes from: its RECORD message and the SCHEMA message before it, as the tap wrote them."""

    record: Line
    schema: Line
