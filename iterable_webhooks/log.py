"""The log of a receiver: to standard error, and without a part of what was received."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType


class _Formatter(logging.Formatter):
    """Shows of an exception its class and where it was raised: its text may quote a body, a URL or a row."""

    def formatException(  # noqa: N802 (as logging has it)
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        kind, _, trace = ei
        frames = "".join(traceback.format_tb(trace))
        return f"{frames}{kind.__name__ if kind else 'no exception'}"


def set_up_log() -> None:
    """Log from INFO on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
