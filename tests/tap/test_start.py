"""What a run does not need is not loaded."""

from __future__ import annotations

import subprocess
import sys

LOADED = """
import sys
from tap_iterable.tap import TapIterable
TapIterable(config={"api_key": "k", "start_date": "2026-09-01"})
print(*sorted({"sqlalchemy", "redis", "psycopg", "pyarrow"} & sys.modules.keys()))
"""


def test_a_plain_run_loads_no_driver_of_a_database() -> None:
    run = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
