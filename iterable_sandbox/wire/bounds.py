"""Types of numbers that are set from outside, with what the sandbox can bear. Booleans and texts are no numbers."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

MAX_COUNT: Final = 10**12
"""Far above any project, and far below what SQLite can keep."""
MAX_SECONDS: Final = 366 * 86_400
"""The longest delay: a year."""

Count = Annotated[int, Field(ge=0, le=MAX_COUNT)]
Positive = Annotated[int, Field(ge=1, le=MAX_COUNT)]
Seconds = Annotated[float, Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
