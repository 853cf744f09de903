"""The clock of polling, which tests replace so that they need not wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clock:
    """`now` gives seconds since the epoch, since the age of a job outlives a process; `sleep` takes seconds."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
