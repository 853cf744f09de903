"""The local Iterable of the demo, and how many rows it holds: asked over HTTP, without the tap."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import requests

from demo.processes import BIN, started
from iterable_api.facts.data_types import DATA_TYPES

API_KEY: Final = "0123456789abcdef0123456789abcdef"
_TIMEOUT: Final = 60
_ARRAYS: Final = {
    "channels": ("/api/channels", "channels"),
    "message_types": ("/api/messageTypes", "messageTypes"),
    "lists": ("/api/lists", "lists"),
    "snippets": ("/api/snippets", "snippets"),
    "webhooks": ("/api/webhooks", "webhooks"),
    "metadata_tables": ("/api/metadata", "results"),
    "user_fields": ("/api/users/getFields", "fields"),
}
"""Streams whose rows are one array of one answer."""


@dataclass(frozen=True)
class Seed:
    """How large the seeded project is. The same numbers make the same project."""

    users: int = 5_000
    events: int = 60_000
    days: int = 60
    until: str = "2026-11-01"

    @property
    def start_date(self) -> str:
        """Long before the first event, so that users who were not updated since come along."""
        return (date.fromisoformat(self.until) - timedelta(days=self.days + 365)).isoformat()


@contextmanager
def sandbox(database: Path, seed: Seed) -> Iterator[Project]:
    """A running sandbox over `database`, which is seeded if it is not there yet."""
    if not database.exists():
        _seed(database, seed)
    command = [str(BIN / "iterable-sandbox"), "serve", "--port", "0", "--database", str(database)]
    with started([*command, "--api-key", API_KEY, "--no-limits"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None  # noqa: S101 (for the type checker: we asked for a pipe)
        greeting = process.stdout.readline()
        if not greeting:
            raise RuntimeError("iterable-sandbox did not start; its own message is above")
        yield Project(greeting.split()[-1])


def _seed(database: Path, seed: Seed) -> None:
    command = [str(BIN / "iterable-sandbox"), "seed", "--database", str(database)]
    sizes = ["--users", seed.users, "--events", seed.events, "--days", seed.days, "--until", seed.until]
    # A seeding that was interrupted must not pass for a whole one.
    partial = database.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    command[-1] = str(partial)
    subprocess.run([*command, *map(str, sizes)], check=True)  # noqa: S603 (our own command)
    partial.rename(database)


class Project:
    """Counts rows in the project at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.headers["Api-Key"] = API_KEY

    def counts(self) -> dict[str, int]:
        """Rows per stream of the tap."""
        exports = {data_type.stream: self.exported(data_type.name) for data_type in DATA_TYPES}
        return {**self._project_counts(), **exports}

    def exported(self, data_type: str, matches: Callable[[dict[str, Any]], bool] = bool) -> int:
        """Lines of a whole export that match."""
        text = self._get("/api/export/data.json", dataTypeName=data_type, range="All").text
        return sum(matches(json.loads(line)) for line in text.splitlines())

    def list_size(self, name: str) -> int:
        """Members of the lists of that name."""
        return sum(self._members(entry["id"]) for entry in self._lists() if entry["name"] == name)

    def catalog_size(self, name: str) -> int:
        """Items of a catalog; none if there is no such catalog."""
        if name not in self._catalogs():
            return 0
        return int(self._get(f"/api/catalogs/{name}/items").json()["params"]["totalItemsCount"])

    def _project_counts(self) -> dict[str, int]:
        lists = self._lists()
        campaigns = self._get("/api/campaigns", page=1, pageSize=1000).json()["campaigns"]
        return {
            **{stream: len(self._get(path).json()[array]) for stream, (path, array) in _ARRAYS.items()},
            "campaigns": len(campaigns),
            "child_campaigns": sum("recurringCampaignId" in campaign for campaign in campaigns),
            "templates": int(self._get("/api/templates", page=1).json()["totalTemplatesCount"]),
            "journeys": sum(map(self._journeys, ({}, {"state": "Archived"}))),
            "list_users": sum(self._members(entry["id"]) for entry in lists),
            **self._catalog_counts(),
        }

    def _journeys(self, state: dict[str, str]) -> int:
        return int(self._get("/api/journeys", **state).json()["totalJourneysCount"])

    def _catalog_counts(self) -> dict[str, int]:
        names = self._catalogs()
        mappings = [self._get(f"/api/catalogs/{name}/fieldMappings").json()["params"] for name in names]
        fields = sum(len(found["definedMappings"]) + len(found["undefinedFields"]) for found in mappings)
        return {"catalogs": len(names), "catalog_field_mappings": fields}

    def _catalogs(self) -> list[str]:
        answer = self._get("/api/catalogs", pageSize=1000).json()
        return [entry["name"] for entry in answer["params"]["catalogNames"]]

    def _lists(self) -> list[dict[str, Any]]:
        return list(self._get("/api/lists").json()["lists"])

    def _members(self, list_id: int) -> int:
        return int(self._get(f"/api/lists/{list_id}/size").text)

    def _get(self, path: str, **params: str | int) -> requests.Response:
        response = self._session.get(self.url + path, params=params, timeout=_TIMEOUT)
        response.raise_for_status()
        return response
