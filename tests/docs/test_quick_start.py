"""The first pipeline of the README, run as it stands there: it reads and writes a sandbox, and waits for no limit."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from iterable_sandbox.client import SandboxClient
from iterable_sandbox.rules.settings import DEFAULT_API_KEY
from tools.generated import ROOT

pytestmark = pytest.mark.more

(CHAPTER,) = re.findall(r"^## A local Iterable\n(.*?)^## ", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
BLOCKS: Final = [textwrap.dedent(block) for block in re.findall(r"(?:^    .*\n)+", CHAPTER, re.MULTILINE)]
PORT: Final = "8000"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """That of a newcomer, with the commands of this package."""
    bin_ = str(Path(sys.executable).parent)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("TAP_", "TARGET_"))}
    return {**inherited, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}", "HOME": str(tmp_path)}


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def served(command: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """The last command of the first block, until the end."""
    with subprocess.Popen(command.split(), cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "listening on http://127.0.0.1:" in process.stdout.readline()
        yield
        process.terminate()


def test_the_first_pipeline_reads_and_writes_all_and_meets_no_limit(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    port = free_port()
    install, seed, serve = BLOCKS[0].splitlines()
    assert install == 'pip install "PATH/TO/singer-iterable[sandbox]"'
    assert "--no-limits" in serve
    seeded = subprocess.run(seed.split(), cwd=tmp_path, env=environment, check=True, capture_output=True, text=True)
    with served(f"{serve} --port {port}", tmp_path, environment), SandboxClient(f"http://127.0.0.1:{port}") as sandbox:
        before = sandbox.counts()
        script = "\n".join(BLOCKS[1:]).replace(f"127.0.0.1:{PORT}", f"127.0.0.1:{port}")
        run = subprocess.run(
            ["bash", "-e", "-c", script],  # noqa: S607 (who reads it has one)
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert run.returncode == 0, run.stderr
        assert sandbox.counts()["rateLimited"] == {}
        ana = sandbox.user("ana@example.com")
    assert ana is not None
    assert ana["plan"] == "gold"
    messages = [json.loads(line) for line in (tmp_path / "rows.singer").read_text().splitlines()]
    rows = Counter(message["stream"] for message in messages if message["type"] == "RECORD")
    assert rows["users"] == before["users"] == 500
    assert rows["email_open"] == before["events"]["emailOpen"]
    assert sum(before["events"].values()) >= 6_000
    assert f"{before['users']} users" in seeded.stdout
    assert "users            1           1" in run.stderr


def test_the_key_on_the_page_is_that_of_the_sandbox() -> None:
    assert set(re.findall(r"API_KEY=(\w+)", CHAPTER)) == {DEFAULT_API_KEY}
