"""The example of docs/arrow.md, run as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import duckdb

from iterable_sandbox.server import Sandbox
from tools.generated import ROOT

(EXAMPLE,) = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "arrow.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_example_loads_a_stream_and_what_is_new(seeded_database: Path, tmp_path: Path) -> None:
    with Sandbox(database=str(seeded_database)) as sandbox:
        known = {"ITERABLE_API_KEY": sandbox.api_key, "ITERABLE_API_URL": sandbox.url}
        command = [sys.executable, "-c", EXAMPLE]
        run = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, **known}, capture_output=True, text=True, timeout=100, check=False
        )
        assert run.returncode == 0, run.stderr
    field, count = run.stdout.splitlines()
    assert "timestamp[us, tz=UTC]" in field
    with duckdb.connect(str(tmp_path / "iterable.duckdb")) as database:
        rows = database.execute("select count(*), count(distinct recordId) from email_send").fetchone()
    assert rows is not None
    assert rows[0] == rows[1] > 100
    assert count == f"({rows[0]},)"
