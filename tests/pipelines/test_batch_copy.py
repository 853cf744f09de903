"""From one Iterable to another by files, with the `meltano.yml` of this repository."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.pipelines.meltano_project import MeltanoProject
from tests.pipelines.test_project_copy import OWN, SUBSCRIPTIONS, contents, exported, without
from tools.definitions import PROJECT

pytestmark = pytest.mark.more

STREAMS = ("lists", "users", "list_users", "catalogs", "catalog_items", "custom_event", "purchase")
RUN = ("run", "--full-refresh", "tap-iterable", "target-iterable")


@pytest.mark.parametrize("encoding", [{"format": "jsonl", "compression": "gzip"}, {"format": "parquet"}])
def test_files_copy_a_project_once_their_folder_is_allowed(
    seeded_database: Path, tmp_path: Path, encoding: dict[str, str]
) -> None:
    files, home = tmp_path / "files", tmp_path / "project"
    files.mkdir()
    home.mkdir()
    (home / "meltano.yml").write_text(PROJECT.read_text())
    database = shutil.copy(seeded_database, tmp_path / "project.db")
    long_ago = StoppedClock(datetime(2026, 11, 2, tzinfo=UTC))
    with Sandbox(database=str(database), clock=long_ago) as there, Sandbox() as here:
        project = MeltanoProject(
            home,
            TAP_ITERABLE_API_KEY=there.api_key,
            TAP_ITERABLE_API_URL=there.url,
            TAP_ITERABLE_ENFORCE_RATE_LIMITS="false",
            TAP_ITERABLE_START_DATE="2020-01-01T00:00:00Z",
            TAP_ITERABLE_HOLD_BACK_MINUTES="0",
            TAP_ITERABLE__SELECT=json.dumps([f"{name}.*" for name in STREAMS]),
            TAP_ITERABLE_BATCH_CONFIG=json.dumps({"encoding": encoding, "storage": {"root": files.as_uri()}}),
            TARGET_ITERABLE_API_KEY=here.api_key,
            TARGET_ITERABLE_API_URL=here.url,
            TARGET_ITERABLE_ENFORCE_RATE_LIMITS="false",
            TARGET_ITERABLE_COPY_PROJECT="true",
            TARGET_ITERABLE_DELETE_BATCH_FILES="true",
        )
        said = project.refused(*RUN)
        assert f"add '{files}' to `batch_roots`" in said
        assert not here.counts()["users"]
        left = {*files.iterdir()}
        assert left
        project.meltano(*RUN, TARGET_ITERABLE_BATCH_ROOTS=json.dumps([str(files)]))
        assert {*files.iterdir()} == left
        source, destination = contents(there), contents(here)
        names = OWN | SUBSCRIPTIONS
        users = without(exported(source, "user"), names)
        assert len(users) > 100
        assert without(exported(destination, "user"), names) == users
        for data_type in ("customEvent", "purchase"):
            events = exported(source, data_type)
            assert len(events) > 100
            assert without(exported(destination, data_type), {"eventUpdatedAt"}) == without(events, {"eventUpdatedAt"})
        source.client.close()
        destination.client.close()
