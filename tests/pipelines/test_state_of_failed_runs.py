"""Meltano saves the state of a run that fails: that of the streams that were delivered whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from iterable_sandbox.server import Sandbox
from tests.pipelines.meltano_project import MeltanoProject
from tests.target.loading import stream

pytestmark = pytest.mark.more

TAP = "#!/bin/sh\ncat messages.singer\n"
PLUGINS = {
    "extractors": [{"name": "tap-file", "namespace": "tap_file", "executable": "./tap.sh", "capabilities": ["state"]}],
    "loaders": [
        {
            "name": "target-iterable",
            "namespace": "target_iterable",
            "executable": "target-iterable",
            "settings": [{"name": name, "kind": "string"} for name in ("api_key", "api_url")],
        }
    ],
}


def test_meltano_keeps_the_state_of_a_stream_that_was_delivered_before_another_one_failed(tmp_path: Path) -> None:
    (tmp_path / "tap.sh").write_text(TAP)
    (tmp_path / "tap.sh").chmod(0o755)
    messages = [json.dumps(message) for message in stream("users", [{"email": "a@example.com"}])]
    state = '{"type": "STATE", "value": {"bookmarks": {"users": {"replication_key_value": "2026-01-02"}}}}'
    broken = '{"type": "SCHEMA", "stream": "events", "schema": {"properties": {"a": {"$ref": "#/properties/a"}}}}'
    (tmp_path / "messages.singer").write_text("\n".join([*messages, state, broken]))
    settings = {"default_environment": "dev", "environments": [{"name": "dev"}], "plugins": PLUGINS}
    YAML().dump(settings, tmp_path / "meltano.yml")
    with Sandbox() as sandbox:
        project = MeltanoProject(tmp_path, TARGET_ITERABLE_API_KEY=sandbox.api_key, TARGET_ITERABLE_API_URL=sandbox.url)
        output = project.refused("run", "tap-file", "target-iterable")
    assert "Stream 'events'" in output
    kept = json.loads(project.meltano("state", "get", "dev:tap-file-to-target-iterable"))
    assert kept["singer_state"]["bookmarks"]["users"]["replication_key_value"] == "2026-01-02"
