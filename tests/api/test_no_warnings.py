"""Neither command leaves anything open, or uses what is deprecated, however its run ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from tests.api.test_plugin_log import SELECTED
from tests.target.test_mirror import version

pytestmark = pytest.mark.more

WORDS = ("ResourceWarning", "DeprecationWarning", "FutureWarning", "never awaited", "Exception ignored")
ROUTES = {"people": {"object": "list_members", "list": "All", "mode": "mirror"}, "users": {"skip_unchanged": True}}
OPENED = {"RATE_LIMIT_STORE": "limits.db", "REQUEST_LOG_PATH": "requests.ndjson", "SUMMARY_PATH": "summary.json"}
"""Settings of the target that open files and databases, beside ledger and history."""


def warned(sandbox: Sandbox, folder: Path, plugin: str, *, stdin: str = "", **settings: str) -> tuple[int, str]:
    """The exit code, and the lines of the log that tell of a warning. Python shows all that it would hide."""
    prefix = plugin.upper().replace("-", "_")
    given = {"API_KEY": sandbox.api_key, "API_URL": sandbox.url, **settings}
    script = str(Path(sys.executable).with_name(plugin))
    catalog = ["--catalog=catalog.json"] if plugin == "tap-iterable" else []
    ended = subprocess.run(
        [sys.executable, "-X", "dev", "-W", "always", script, "--config=ENV", *catalog],
        cwd=folder,
        env={**os.environ, **{f"{prefix}_{name}": value for name, value in given.items()}},
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = [line for line in ended.stderr.splitlines() if any(word in line for word in WORDS)]
    return ended.returncode, "\n".join(found)


@pytest.mark.parametrize(("wrong", "code"), [({}, 0), ({"API_KEY": "0" * 32}, 1), ({"WINDOW_DAYS": "0"}, 1)])
def test_the_tap_leaves_nothing_open(sandbox: Sandbox, tmp_path: Path, wrong: dict[str, str], code: int) -> None:
    limited, names = {"RATE_LIMIT_STORE": "limits.db"}, ("lists", "custom_event")
    streams = [{"tap_stream_id": name, "stream": name, "schema": {}, "metadata": [SELECTED]} for name in names]
    (tmp_path / "catalog.json").write_text(json.dumps({"streams": streams}))
    settings = {"START_DATE": "2026-01-01", "WINDOW_DAYS": "365", "EXPORT_MODE": "stream", **limited, **wrong}
    assert warned(sandbox, tmp_path, "tap-iterable", **settings) == (code, "")


@pytest.mark.parametrize(
    ("wrong", "code"),
    [({}, 0), ({"DRY_RUN": "true"}, 0), ({"API_KEY": "0" * 32}, 1), ({"MAX_REJECTS": "many"}, 1)],
)
def test_the_target_leaves_nothing_open(sandbox: Sandbox, tmp_path: Path, wrong: dict[str, str], code: int) -> None:
    messages = [
        *version("people", 1, [{"email": "ann@example.com"}, {"email": "bob@example.com"}], key=["email"]),
        *version("users", None, [{"email": "ann@example.com", "plan": "gold"}, {"plan": "gold"}], done=False),
    ]
    stdin = "".join(f"{json.dumps(message)}\n" for message in messages)
    settings = {"STREAMS": json.dumps(ROUTES), **OPENED, **wrong}
    assert warned(sandbox, tmp_path, "target-iterable", stdin=stdin, **settings) == (code, "")
