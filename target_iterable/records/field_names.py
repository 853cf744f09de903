"""Names that fields of profiles and events must not have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from target_iterable.core.rejection import RecordRejectedError

SEPARATOR: Final = ":::"
"""Iterable puts it between the name of an event and that of its field when it names the field in an error."""


def refuse_separator(names: Iterable[str]) -> None:
    """Check the names of fields: a name with the separator could not be told from the field of an event.

    Raises:
        RecordRejectedError: if one holds the separator.
    """
    if SEPARATOR in "\0".join(names):
        raise RecordRejectedError(
            "invalidFieldName",
            f"the name of a field holds `{SEPARATOR}`: rename its column in `fields` of the route, or leave it out by "
            "`drop`",
        )
