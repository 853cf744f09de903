"""A catalog that selects nothing is never a run that went well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from iterable_sandbox.server import Sandbox
from tests.tap.reading import TapRun


def _entry(stream: str) -> dict[str, Any]:
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    return {"tap_stream_id": stream, "stream": stream, "schema": {"properties": {}}, "metadata": metadata}


def _catalog_run(sandbox: Sandbox, folder: Path, catalog: dict[str, Any]) -> Any:
    read = TapRun(sandbox.url, sandbox.api_key, folder)
    arguments = read.prepare("lists")
    (folder / "catalog.json").write_text(json.dumps(catalog))
    return read._run(*arguments)  # noqa: SLF001 (with a catalog of its own)


def test_a_run_that_selects_nothing_fails_and_says_so(sandbox: Sandbox, tmp_path: Path) -> None:
    output = TapRun(sandbox.url, sandbox.api_key, tmp_path)("no_such_stream")
    assert output.code == 1
    assert "No stream is selected, so there is nothing to read" in output.log
    assert "Traceback" not in output.log
    assert output.messages == []


def test_a_catalog_of_another_tap_fails_with_the_names_of_its_streams(sandbox: Sandbox, tmp_path: Path) -> None:
    ended = _catalog_run(sandbox, tmp_path, {"streams": [_entry("orders"), _entry("invoices")]})
    assert ended.returncode == 1
    assert "The catalog has streams that this tap does not have: invoices, orders" in ended.stderr
    assert "No stream is selected" in ended.stderr


def test_streams_that_are_not_there_are_told_beside_those_that_are(sandbox: Sandbox, tmp_path: Path) -> None:
    read = TapRun(sandbox.url, sandbox.api_key, tmp_path)
    read.prepare("lists")
    catalog = json.loads((tmp_path / "catalog.json").read_text())
    catalog["streams"].append(_entry("orders"))
    ended = _catalog_run(sandbox, tmp_path, catalog)
    assert ended.returncode == 0, ended.stderr
    assert "The catalog has streams that this tap does not have: orders" in ended.stderr
    assert '"stream":"lists"' in ended.stdout
