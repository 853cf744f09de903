"""Waiting for what other processes do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

PATIENCE_SECONDS: Final = 1_500
"""How long a test waits for what must happen; a test that goes well never does."""


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so; for `PATIENCE_SECONDS` at most."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)
