"""Fewer rounds of the cyclic garbage collector while many records are read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_OBJECTS: Final = 10_000
"""New objects between two rounds. Records that wait to be written are looked at in each, and are never garbage."""


@contextmanager
def rare_collections() -> Iterator[None]:
    """Collect less often within the `with` block; no effect if the collector is set so already."""
    before = gc.get_threshold()
    if before[0]:  # 0 is off
        gc.set_threshold(max(before[0], _OBJECTS), *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
