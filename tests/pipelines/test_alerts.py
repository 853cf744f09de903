"""Alerts of runs of Meltano, from `meltano.yml` and from the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from ruamel.yaml import YAML

from tests.pipelines.conftest import Pipeline
from tests.scripted_server import Answer, ScriptedServer

pytestmark = pytest.mark.more

TOKEN = "T0K3N-of-the-service"  # noqa: S105 (of no service)
WRONG_KEY = "0" * 32


@pytest.fixture
def service(server: ScriptedServer, pipeline: Pipeline) -> Iterator[ScriptedServer]:
    """A service that takes everything; the target has it in `meltano.yml`, by a variable in a list."""
    server.after = lambda _: Answer()
    yaml, path = YAML(), pipeline.project.folder / "meltano.yml"
    before = path.read_text()
    project = yaml.load(before)
    (target,) = (entry for entry in project["plugins"]["loaders"] if entry["name"] == "target-iterable")
    target["config"] = {"alerts": ["$ALERTS_URL"], "alert_on": ["failure", "recovered"]}
    with path.open("w") as file:
        yaml.dump(project, file)
    yield server
    path.write_text(before)


def test_a_failed_run_of_meltano_is_told_and_named_by_its_pipeline(pipeline: Pipeline, service: ScriptedServer) -> None:
    url = f"{service.url.replace('http', 'json')}/{TOKEN}"
    given = {"ALERTS_URL": url, "TAP_ITERABLE_ALERTS": json.dumps([url])}
    log = pipeline.project.refused(
        *("--log-level=debug", "run", "--full-refresh", "tap-iterable", "target-iterable"),
        TARGET_ITERABLE_API_KEY=WRONG_KEY,
        **given,
    )
    # Whether the next run tells that it has recovered is not looked at: Meltano may kill a target that fails before it
    # has noted what it has told.
    titles = [json.loads(request.body)["title"] for request in service.requests]
    assert "target-iterable (dev:tap-iterable-to-target-iterable): failed" in titles
    assert TOKEN not in log
