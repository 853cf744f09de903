"""How a run stands, as it notes it."""

from __future__ import annotations

from typing import Final

RUNNING: Final = "running"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
INTERRUPTED: Final = "interrupted"
