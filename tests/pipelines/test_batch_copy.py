"""From one Iterable to another by files, with the `meltano.yml` of this repository."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tests.pipelines.meltano_project import MeltanoProject
from tests.pipelines.test_project_copy import (
    OWN,
    PEOPLE,
    SUBSCRIPTIONS,
    add_to,
    contents,
    events_to_copy,
    exported,
    prepare,
    subscriptions,
    without,
)
from tools.definitions import PROJECT

pytestmark = pytest.mark.more

REST = ("list_users", "catalogs", "catalog_field_mappings", "catalog_items", "custom_event", "purchase")
RUN = ("run", "--full-refresh", "tap-iterable", "target-iterable")


def select(streams: Iterable[str]) -> dict[str, str]:
    return {"TAP_ITERABLE__SELECT": json.dumps([f"{name}.*" for name in streams])}


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
        add_to(there)
        prepare(there, here)
        project = MeltanoProject(
            home,
            TAP_ITERABLE_API_KEY=there.api_key,
            TAP_ITERABLE_API_URL=there.url,
            TAP_ITERABLE_ENFORCE_RATE_LIMITS="false",
            TAP_ITERABLE_START_DATE="2020-01-01T00:00:00Z",
            TAP_ITERABLE_HOLD_BACK_MINUTES="0",
            TAP_ITERABLE_COSTLY_STREAMS=json.dumps(["catalog_items"]),
            TAP_ITERABLE_BATCH_CONFIG=json.dumps({"encoding": encoding, "storage": {"root": files.as_uri()}}),
            TARGET_ITERABLE_API_KEY=here.api_key,
            TARGET_ITERABLE_API_URL=here.url,
            TARGET_ITERABLE_ENFORCE_RATE_LIMITS="false",
            TARGET_ITERABLE_COPY_PROJECT="true",
            TARGET_ITERABLE_DELETE_BATCH_FILES="true",
        )
        said = project.refused(*RUN, **select(PEOPLE))
        assert f"add '{files}' to `batch_roots`" in said
        assert not here.counts()["users"]
        left = {*files.iterdir()}
        assert left
        for streams in (PEOPLE, REST):
            project.meltano(*RUN, **select(streams), TARGET_ITERABLE_BATCH_ROOTS=json.dumps([str(files)]))
        assert {*files.iterdir()} == left
        source, destination = contents(there), contents(here)
        users = without(exported(source, "user"), OWN | SUBSCRIPTIONS)
        assert len(users) > 100
        assert without(exported(destination, "user"), OWN | SUBSCRIPTIONS) == users
        subscribed = subscriptions(source)
        assert any(subscribed.values())
        assert subscriptions(destination) == subscribed
        for name in destination.lists().keys() - {"Something else", "Do not disturb"}:
            assert destination.members(name) == source.members(name)
        for data_type in ("customEvent", "purchase"):
            events = without(events_to_copy(source, data_type), {"eventUpdatedAt"})
            assert len(events) > 10
            assert without(exported(destination, data_type), {"eventUpdatedAt"}) == events
        assert "Empty" in source.catalogs()
        for name in source.catalogs():
            assert destination.mappings(name) == source.mappings(name)
            assert destination.items(name) == source.items(name)
        source.client.close()
        destination.client.close()
