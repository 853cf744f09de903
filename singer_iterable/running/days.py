"""Ranges of time that are not over yet: what Iterable still stores for them would be left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from iterable_api.facts import timestamps

HOLD_BACK: Final = "hold_back_minutes"
_HOLD_BACK_MINUTES: Final = 1
"""The tap's own default; a test compares the two."""


class NotOverError(Exception):
    """The range that is to be read whole is not over by `hold_back_minutes`: it will be, later."""


def check_that_it_is_over(config: Mapping[str, Any]) -> None:
    """Refuse to read a range with an end that the tap would not reach.

    Args:
        config: settings of tap-iterable. Values that make no sense are left to the tap, which says what is wrong.

    Raises:
        NotOverError: if it is too early.
    """
    try:
        text = str(config.get("end_date") or "")
        end = timestamps.parse(text) or datetime.fromisoformat(text)
        hold_back = timedelta(minutes=float(config.get(HOLD_BACK, _HOLD_BACK_MINUTES)))
    except (ValueError, TypeError, OverflowError):
        return
    end = end if end.tzinfo else end.replace(tzinfo=UTC)
    settled = end + hold_back
    if datetime.now(UTC) < settled:
        raise NotOverError(
            f"Iterable may still store events before {end.isoformat()}: the tap holds back until "
            f"{settled.isoformat()} (`{HOLD_BACK}`), and would leave out the rest. Run again after that."
        )
