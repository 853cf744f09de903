"""Fixtures of the tests of the sandbox: plain HTTP clients, which see its answers as they are.

- `http`: client of a fresh, empty e-mail-based project.
- `seeded`: client of a copy of the seeded project; `database` is the path of such a copy.
- `opened(**settings)`: context manager with a client of a sandbox with other settings.

`Http` sends the API key and has shortcuts: `update` and `track` write users and events and return the JSON of a 200,
`user` and `export` read them, `ok` is any POST that must be 200; `get`, `post` and `send` return the bare response.

    def test_a_decimal_fits_a_field_of_decimals(http: Http) -> None:
        http.update({"email": "ana@example.com", "dataFields": {"score": 1.5}})
        assert http.user("ana@example.com")["score"] == 1.5

    with opened(project_type="hybrid", unknown_fields="drop") as http:
        ...
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
import requests

from iterable_sandbox.server import Sandbox


class Http:
    """GET and POST with the key of a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.headers["Api-Key"] = sandbox.api_key

    def get(self, path: str, **params: Any) -> requests.Response:
        """The answer of a GET."""
        return self.session.get(self.sandbox.url + path, params=params, timeout=10)

    def post(self, path: str, body: Any = None) -> requests.Response:
        """The answer of a POST of JSON."""
        return self.session.post(self.sandbox.url + path, json=body, timeout=10)

    def send(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """The answer of any other method."""
        return self.session.request(method, self.sandbox.url + path, json=body, params=params, timeout=10)

    def update(self, *users: dict[str, Any], **options: Any) -> dict[str, Any]:
        """The answer of a bulkUpdate that is 200."""
        return self.ok("/api/users/bulkUpdate", {"users": users} | options)

    def track(self, *events: dict[str, Any]) -> dict[str, Any]:
        """The answer of a trackBulk that is 200."""
        return self.ok("/api/events/trackBulk", {"events": events})

    def ok(self, path: str, body: Any) -> dict[str, Any]:
        """The JSON of a POST that is 200."""
        response = self.post(path, body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def user(self, email: str) -> dict[str, Any]:
        """The data fields of a user, empty if there is none."""
        found: dict[str, Any] = self.get("/api/users/getByEmail", email=email).json()
        fields: dict[str, Any] = found.get("user", {}).get("dataFields", {})
        return fields

    def export(self, data_type: str, **params: Any) -> list[dict[str, Any]]:
        """The lines of an export; of all times unless said otherwise."""
        if not {"range", "startDateTime", "endDateTime"} & params.keys():
            params["range"] = "All"
        response = self.get("/api/export/data.json", dataTypeName=data_type, **params)
        assert response.status_code == 200, response.text
        return [json.loads(line) for line in response.text.splitlines()]

    def new_list(self, name: str = "Readers") -> int:
        """The id of a new list."""
        list_id: int = self.ok("/api/lists", {"name": name})["listId"]
        return list_id


@contextmanager
def opened(**settings: Any) -> Iterator[Http]:
    """A bare client of a sandbox with other settings."""
    with Sandbox(**settings) as sandbox:
        client = Http(sandbox)
        yield client
        client.session.close()


@pytest.fixture
def http(sandbox: Sandbox) -> Iterator[Http]:
    """A bare client of the fresh sandbox."""
    opened = Http(sandbox)
    yield opened
    opened.session.close()


@pytest.fixture
def database(seeded_database: Path, tmp_path: Path) -> str:
    """A copy of the seeded project, to be written to."""
    return str(copy(seeded_database, tmp_path / "copy.db"))


@pytest.fixture
def seeded(database: str) -> Iterator[Http]:
    """A bare client of a seeded project."""
    with opened(database=database) as running:
        yield running
