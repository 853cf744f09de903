"""The SDK's own suite for taps, over all streams and a seeded project."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from singer_sdk.testing import SuiteConfig, get_tap_test_class

from iterable_sandbox.server import Sandbox
from tap_iterable.tap import TapIterable
from tests.tap.reading import selecting

# Iterable leaves out what has no value, so twenty rows need not have every column.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Fields in transformed catalog but not in records"),
    pytest.mark.filterwarnings("ignore:No records were available to test"),
]

USER = "ann@example.com"
# Filled by the fixture: the suite takes its settings while it is still being collected.
SETTINGS: dict[str, Any] = {
    "api_key": "none-yet",
    "start_date": "2026-08-01",
    "end_date": "2026-11-01",
    "window_days": 366,
    "enforce_rate_limits": False,
    "export_mode": "stream",
    "user_events_users": [USER],
    "costly_streams": ["*"],
}


@pytest.fixture(scope="module", autouse=True)
def _sandbox(seeded_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("standard")
    copy = shutil.copy(seeded_database, folder / "project.db")
    with Sandbox(database=str(copy)) as sandbox:
        SETTINGS.update(api_key=sandbox.api_key, api_url=sandbox.url, malformed_directory=str(folder / "malformed"))
        _fill(sandbox)
        yield


def _fill(sandbox: Sandbox) -> None:
    """Whatever the seed has nothing of."""
    for path, body in {
        "/api/catalogs/shoes": None,
        "/api/catalogs/shoes/items": {"documents": {"1": {"size": 42}}, "replaceUploadedFieldsOnly": False},
        "/api/users/forget": {"email": "gone@example.com"},
        "/api/export/start": {"dataTypeName": "user", "outputFormat": "application/x-json-stream"},
        "/api/events/track": {"email": USER, "eventName": "seen"},
        "/api/email/target": {"recipientEmail": USER, "campaignId": 2_220_217},
    }.items():
        requests.post(
            sandbox.url + path, json=body, headers={"Api-Key": sandbox.api_key}, timeout=30
        ).raise_for_status()


def _everything() -> dict[str, Any]:
    """The catalog with all streams selected, those too that cost much."""
    tap = TapIterable(config=SETTINGS, setup_mapper=False)
    return selecting(tap.streams, tap.catalog_dict)


TestTap = get_tap_test_class(
    TapIterable, config=SETTINGS, catalog=_everything(), suite_config=SuiteConfig(max_records_limit=20)
)
