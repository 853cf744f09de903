"""The log of both commands: its level, and its last line."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox

pytestmark = pytest.mark.more

PLUGINS = ("tap-iterable", "target-iterable")
FROM_MELTANO = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"structured": {"()": "singer_sdk.logging.StructuredFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
"""As Meltano 4.4 writes it for each run."""
SELECTED = {"breadcrumb": [], "metadata": {"selected": True}}
BUG = """
from {module} import {plugin}

def broken(self):
    raise KeyError("ann@example.com")

{plugin}.plugin_version = property(broken)
{plugin}.cli()
"""


def run(
    plugin: str,
    sandbox: Sandbox,
    folder: Path,
    stdout: int = subprocess.PIPE,
    /,
    *,
    code: str | None = None,
    options: Sequence[str] = (),
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    prefix = plugin.upper().replace("-", "_")
    settings = {"API_KEY": sandbox.api_key, "API_URL": sandbox.url, "ENFORCE_RATE_LIMITS": "false"}
    if plugin == "tap-iterable":
        settings["START_DATE"] = "2026-01-01T00:00:00Z"
    named = {f"{prefix}_{name}": value for name, value in settings.items()}
    lists = {"streams": [{"tap_stream_id": "lists", "stream": "lists", "schema": {}, "metadata": [SELECTED]}]}
    (folder / "catalog.json").write_text(json.dumps(lists))
    arguments = ["--config=ENV", *(["--catalog=catalog.json"] if plugin == "tap-iterable" else [])]
    command = [sys.executable, "-c", code] if code else [str(Path(sys.executable).with_name(plugin))]
    return subprocess.run(
        [*command, *arguments, *options],
        cwd=folder,
        env={**os.environ, **named, **variables},
        input='{"type": "STATE", "value": {"position": 1}}\n',
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("variable", ["{}_LOGLEVEL", "LOGLEVEL"])
def test_a_level_that_does_not_exist_is_refused_by_the_name_of_its_variable(
    sandbox: Sandbox, tmp_path: Path, plugin: str, variable: str
) -> None:
    name = variable.format(plugin.upper().replace("-", "_"))
    ended = run(plugin, sandbox, tmp_path, **{name: "loud"})
    assert ended.returncode == 1
    assert ended.stderr == f"The environment variable {name} must be one of DEBUG, INFO, WARNING, ERROR, CRITICAL.\n"


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_level_of_a_plugin_counts_beside_the_file_that_meltano_gives(
    sandbox: Sandbox, tmp_path: Path, plugin: str
) -> None:
    (tmp_path / "log.json").write_text(json.dumps(FROM_MELTANO))
    file, own = {"SINGER_SDK_LOG_CONFIG": str(tmp_path / "log.json")}, f"{plugin.upper().replace('-', '_')}_LOGLEVEL"
    levels = [
        {json.loads(line)["level"] for line in run(plugin, sandbox, tmp_path, **file, **chosen).stderr.splitlines()}
        for chosen in ({}, {own: "debug"}, {own: "warning"}, {"LOGLEVEL": "warning"})
    ]
    assert levels[0] == levels[3] == {"info"}
    assert levels[1] == {"info", "debug"}
    assert levels[2] == set()


def test_texts_of_the_sdk_for_its_developers_are_shown_to_those_who_debug(sandbox: Sandbox, tmp_path: Path) -> None:
    """Seventy lines about streams that nobody selected, and what comes behind the sentence about a bad setting."""
    for level, are_shown in (("INFO", False), ("DEBUG", True)):
        log = run("tap-iterable", sandbox, tmp_path, TAP_ITERABLE_LOGLEVEL=level).stderr
        assert ("Skipping deselected stream 'users'." in log) == are_shown
        assert ("Parsing env var" in log) == are_shown
        bad = run("tap-iterable", sandbox, tmp_path, TAP_ITERABLE_LOGLEVEL=level, TAP_ITERABLE_REGION="usa").stderr
        assert ("Config validation failed" in bad) == are_shown


def test_the_last_line_of_a_run_says_what_it_did(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.store.lists.create("Readers", None, 0)
    ended = run("tap-iterable", sandbox, tmp_path)
    assert re.search(r"\| INFO +\| tap-iterable +\| Done in .* s: read 1\.$", ended.stderr.splitlines()[-1])


@pytest.mark.parametrize(
    ("plugin", "module"), [("TapIterable", "tap_iterable.tap"), ("TargetIterable", "target_iterable.target")]
)
def test_a_bug_ends_with_a_sentence_behind_its_traceback(
    sandbox: Sandbox, tmp_path: Path, plugin: str, module: str
) -> None:
    name = {"TapIterable": "tap-iterable", "TargetIterable": "target-iterable"}[plugin]
    ended = run(name, sandbox, tmp_path, code=BUG.format(module=module, plugin=plugin))
    assert ended.returncode == 1
    assert "Traceback (most recent call last)" in ended.stderr
    last = ended.stderr.splitlines()[-1]
    assert "An error that is not expected has ended the run (KeyError). Its traceback is above" in last
    assert "ann@example.com" not in last


@pytest.mark.parametrize(
    "command", [*PLUGINS, "tap-iterable --discover", "tap-iterable --test=schema", "target-iterable --about"]
)
def test_the_last_line_blames_who_reads_the_output_when_nobody_does_any_more(
    command: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    plugin, *options = command.split()
    nobody, closed = os.pipe()
    os.close(nobody)
    try:
        ended = run(plugin, sandbox, tmp_path, closed, options=options)
    finally:
        os.close(closed)
    assert ended.returncode
    assert ended.stderr.splitlines()[-1].endswith(
        "The program that reads the output has ended before everything was written. What it has said last tells why."
    )
    assert "Traceback" not in ended.stderr
