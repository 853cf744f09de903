"""Columns that taps add about where a record comes from. They say nothing of what it is about."""

from __future__ import annotations

from typing import Final

_PREFIXES: Final = ("_sdc_", "_smart_source_")
"""Of Singer taps and targets, and of tap-spreadsheets-anywhere."""


def is_metadata(column: str) -> bool:
    """Whether a column is left out, unless the route gives it a name in Iterable."""
    return column.startswith(_PREFIXES)
