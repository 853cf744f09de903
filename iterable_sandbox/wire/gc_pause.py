"""When Python looks for garbage that it does not see at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused() -> Iterator[None]:
    """Let nobody look for cycles meanwhile, unless nobody does anyway.

    A large request makes some ten thousand objects, all of which go with its answer. They would be looked through over
    and over before that.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
