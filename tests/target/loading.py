"""Running the target on Singer messages against a sandbox, and reading the contents of the sandbox afterwards.

- `stream(name, records, key, **types)`: the SCHEMA and RECORD messages of a stream. `types` are JSON Schemas of
  columns; other columns allow any value.
- `Loader`: runs the target in this process, with settings that reach the sandbox. `load(messages)` adds a STATE
  message; `load.cut_off(messages)` does not, as if the tap had died. Afterwards: `load.summary`, `load.states` (STATE
  messages on standard output), `load.refusals` (reasons in the dead-letter files), `load.audited` (entries of the
  audit logs).
- `Contents`: users, events, lists, catalogs and so on of a project, read through its API.

    messages = stream("users", [{"id": 1, "email": "ann@example.com"}], key=["id"], id={"type": "integer"})
    assert project.load(messages, streams={"users": {"drop": ["id"]}})["users"]["written"] == 1
    assert project.load.states == [STATE]
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Protocol

from iterable_api.http.client import IterableClient
from target_iterable.target import TargetIterable

Message = dict[str, Any]
STATE = {"bookmarks": {"everything": "is behind us"}}


class Reachable(Protocol):
    """A running sandbox."""

    @property
    def url(self) -> str: ...

    @property
    def api_key(self) -> str: ...


def stream(name: str, records: Sequence[Any], key: Sequence[str] = (), **types: Mapping[str, Any]) -> list[Message]:
    """A SCHEMA and RECORDs of these objects. Columns that `types` does not name can hold anything."""
    properties: dict[str, Any] = {column: {} for record in records for column in record} | types
    schema = {"type": "SCHEMA", "stream": name, "key_properties": key, "schema": {"properties": properties}}
    return [schema, *({"type": "RECORD", "stream": name, "record": record} for record in records)]


class Loader:
    """Runs the target. Settings that a test does not give are those that reach the sandbox.

    Attributes:
        summary: summary that the last run wrote to its `summary_path`.
        states: values of the STATE messages that the last run wrote to its standard output, also if it failed.
    """

    def __init__(self, sandbox: Reachable, directory: Path) -> None:
        self._path = directory / "summary.json"
        self.rejects_directory = directory / "rejects"
        self.audit_directory = directory / "audit"
        self._settings = {
            "api_key": sandbox.api_key,
            "api_url": sandbox.url,
            "enforce_rate_limits": False,
            "summary_path": str(self._path),
            "rejects_path": str(self.rejects_directory),
            "audit_path": str(self.audit_directory),
            "ledger": str(directory / "ledger.db"),
        }
        self.states: list[Any] = []

    def __call__(self, messages: Iterable[Message | str], **settings: Any) -> dict[str, Any]:
        """Run on `messages` followed by a STATE; the summary by stream."""
        return self.cut_off([*messages, {"type": "STATE", "value": STATE}], **settings)

    def cut_off(self, messages: Iterable[Message | str], **settings: Any) -> dict[str, Any]:
        """The same without a STATE behind them, as if the tap had died."""
        lines = [line if isinstance(line, str) else json.dumps(line) for line in messages]
        output = io.StringIO()
        try:
            with redirect_stdout(output):
                TargetIterable(config=self._settings | settings).listen(io.StringIO("\n".join(lines)))
        finally:
            self.states = [json.loads(line) for line in output.getvalue().splitlines()]
        return self.streams

    @property
    def refusals(self) -> list[dict[str, Any]]:
        """The `reject` objects in all dead-letter files."""
        lines = [
            line for file in sorted(self.rejects_directory.glob("*.singer")) for line in file.read_text().splitlines()
        ]
        return [message["reject"] for message in map(json.loads, lines) if "reject" in message]

    @property
    def audited(self) -> list[dict[str, Any]]:
        """The entries of the audit logs of all runs."""
        files = sorted(self.audit_directory.glob("*.ndjson"), key=lambda file: file.stat().st_mtime_ns)
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        return dict(json.loads(self._path.read_text()))

    @property
    def streams(self) -> dict[str, Any]:
        return dict(self.summary["streams"])


class Contents:
    """Contents of a project, as its API returns them."""

    def __init__(self, client: IterableClient) -> None:
        self.client = client

    def user(self, **identifier: str) -> dict[str, Any]:
        """The profile of a user, who must exist."""
        path = "/api/users/getByEmail" if "email" in identifier else "/api/users/byUserId"
        answer = self.client.get_json(path, params=identifier)
        assert answer, f"there is no such user: {identifier}"
        return dict(answer["user"]["dataFields"])

    def exists(self, email: str) -> bool:
        return bool(self.client.get_json("/api/users/getByEmail", params={"email": email}))

    def field_types(self) -> dict[str, str]:
        return dict(self.client.get_json("/api/users/getFields")["fields"])

    def events(self) -> list[dict[str, Any]]:
        """All custom events, by id."""
        return self._exported("customEvent")

    def purchases(self) -> list[dict[str, Any]]:
        """All purchases, by id."""
        return self._exported("purchase")

    def _exported(self, data_type: str) -> list[dict[str, Any]]:
        params = {"dataTypeName": data_type, "range": "All"}
        text = self.client.request("GET", "/api/export/data.json", params=params).text
        return sorted((json.loads(line) for line in text.splitlines()), key=lambda event: str(event["id"]))

    def lists(self) -> dict[str, int]:
        """List names to ids."""
        return {entry["name"]: entry["id"] for entry in self.client.get_json("/api/lists")["lists"]}

    def make_list(self, name: str) -> None:
        self.client.post_json("/api/lists", {"name": name})

    def members(self, name: str) -> set[str]:
        params = {"listId": self.lists()[name]}
        return set(self.client.request("GET", "/api/lists/getUsers", params=params).text.split())

    def catalogs(self) -> list[str]:
        params = self.client.get_json("/api/catalogs", params={"pageSize": 1000})["params"]
        return [entry["name"] for entry in params["catalogNames"]]

    def mappings(self, catalog: str) -> dict[str, str]:
        """Dotted paths of the fields that have a type, with it."""
        path = "/api/catalogs/{catalogName}/fieldMappings"
        return dict(self.client.get_json(path, path_params={"catalogName": catalog})["params"]["definedMappings"])

    def items(self, catalog: str) -> dict[str, Any]:
        """Item ids to values."""
        path, params = "/api/catalogs/{catalogName}/items", {"pageSize": 1000}
        answer = self.client.get_json(path, path_params={"catalogName": catalog}, params=params)
        return {item["itemId"]: item["value"] for item in answer["params"]["catalogItemsWithProperties"]}

    def metadata(self, table: str) -> dict[str, Any]:
        """Keys of a metadata table to values."""
        path = "/api/metadata/{table}"
        keys = [row["key"] for row in self.client.get_json(path, path_params={"table": table})["results"]]
        path = "/api/metadata/{table}/{key}"
        return {key: self.client.get_json(path, path_params={"table": table, "key": key})["value"] for key in keys}

    def templates(self, part: str, template_id: int, *locales: str) -> list[dict[str, Any]]:
        """The contents of a template in the default locale and these; `part` is its medium in the path."""
        params: list[dict[str, Any]] = [
            {"templateId": template_id} | ({"locale": locale} if locale else {}) for locale in ("", *locales)
        ]
        return [self.client.get_json(f"/api/templates/{part}/get", params=one) for one in params]

    def template_ids(self, client_template_id: str) -> list[int]:
        """The templates that have a `clientTemplateId`."""
        path, params = "/api/templates/getByClientTemplateId", {"clientTemplateId": client_template_id}
        return [found["templateId"] for found in self.client.get_json(path, params=params)["templates"]]

    def campaigns(self) -> dict[str, dict[str, Any]]:
        """Campaigns by name."""
        return {row["name"]: row for row in self.client.get_json("/api/campaigns?pageSize=1000")["campaigns"]}

    def snippets(self) -> dict[str, dict[str, Any]]:
        """Snippets by name."""
        return {snippet["name"]: snippet for snippet in self.client.get_json("/api/snippets")["snippets"]}
