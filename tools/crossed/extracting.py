"""Running an extractor into target-iterable: the forms in which values arrive, and what is in Iterable then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import requests

from demo.processes import BIN
from iterable_sandbox.server import Sandbox
from tools.crossed.environments import program
from tools.crossed.packages import Package
from tools.crossed.running import Ended, run, written
from tools.crossed.servers import KEYS, Servers
from tools.crossed.sources import SOURCES
from tools.crossed.stores import plain

_SERVERS: Final = {"postgres": "postgres", "mariadb": "mariadb", "s3": "s3", "json": "http"}
_PLAIN: Final = {"streams": {"*": {"object": "users"}}}
_KNOWN: Final[Mapping[str, Any]] = {
    "email": "known@example.com",
    "visits": 1,
    "bigNumber": 1,
    "balance": 0.5,
    "ratio": 0.5,
    "vip": True,
    "born": "2000-01-01",
    "seen": "2026-01-01 00:00:00 +00:00",
    "prefs": {"k": True, "n": 0.5},
    "tags": ["x"],
    "note": "x",
    "postcode": "x",
}
"""A user who is in Iterable before, so that the project has the fields with their types."""


class Extraction:
    """An extractor over a source that was made for it.

    Args:
        package: the extractor with its settings.
        servers: the servers that it may need.
        folder: for its files.
    """

    def __init__(self, package: Package, servers: Servers, folder: Path) -> None:
        self._package = package
        self._folder = folder
        self._program = program(package)
        self._places = {"schema": f"x{plain(folder.name)}", "folder": str(folder), "name": folder.name}
        folder.mkdir(parents=True)
        server = _SERVERS.get(package.store)
        if server:
            self._places[server] = getattr(servers, server)

    def seen(self) -> dict[str, Any]:
        """What the extractor writes, and what becomes of it with no settings and with those of its row."""
        SOURCES[self._package.store](self._places)
        read = self._read()
        if read.status or not read.output.strip():
            return {"status": read.status, "reason": read.reason or "no message"}
        messages = self._folder / "messages.singer"
        messages.write_text(read.output)
        options = self._package
        settings = {**options.target, "streams": {"*": {"object": "users", **options.routes}}}
        return {
            "status": 0,
            "arrives": _arriving(read.output),
            "new_project": _loaded(messages, self._folder / "new", _PLAIN, known=False),
            "known_fields": _loaded(messages, self._folder / "known", _PLAIN, known=True),
            "with_settings": _loaded(messages, self._folder / "set", settings, known=True),
        }

    def _read(self) -> Ended:
        config = ["--config", written(self._folder, "config.json", self._package.settings(self._places))]
        found = run([self._program, *config, "--discover"], self._folder / "discover", environment=KEYS)
        if found.status:
            return found
        catalog = written(self._folder, "catalog.json", _selected(json.loads(found.output)))
        return run(
            [self._program, *config, self._package.catalog_option, catalog], self._folder / "read", environment=KEYS
        )


def _selected(catalog: dict[str, Any]) -> dict[str, Any]:
    """The table of people, with all columns."""
    streams = [entry for entry in catalog["streams"] if "people" in entry["tap_stream_id"]] or catalog["streams"]
    for entry in streams:
        for metadata in entry.get("metadata", []):
            metadata["metadata"]["selected"] = True
            if not metadata["breadcrumb"]:
                metadata["metadata"]["replication-method"] = "FULL_TABLE"
    return {**catalog, "streams": streams}


def _arriving(output: str) -> dict[str, Any]:
    """Column -> its schema, and the values of the three people as JSON."""
    messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    schema = next(message["schema"]["properties"] for message in messages if message["type"] == "SCHEMA")
    records = [message["record"] for message in messages if message["type"] == "RECORD"]
    names = {name for record in records for name in record} | set(schema)
    return {
        name: {
            "schema": _said(schema.get(name)),
            "values": [json.dumps(record[name], ensure_ascii=False) if name in record else "" for record in records],
        }
        for name in sorted(names)
        if not name.startswith("_sdc_")
    }


def _said(column: Any) -> Any:
    return (
        {name: column[name] for name in ("type", "format", "multipleOf", "$ref") if name in column}
        if column
        else column
    )


def _loaded(messages: Path, folder: Path, settings: Mapping[str, Any], *, known: bool) -> dict[str, Any]:
    """How many records were written, why others were not, and the profile of Ann with the types of its fields."""
    with Sandbox() as sandbox:
        if known:
            answer = _asked(sandbox, "POST", "/api/users/bulkUpdate", {"users": [_profile(_KNOWN)]})
            answer.raise_for_status()
        config = {
            "api_key": sandbox.api_key,
            "api_url": sandbox.url,
            "enforce_rate_limits": False,
            "run_history": "",
            "summary_path": str(folder / "summary.json"),
            "rejects_path": str(folder / "rejects"),
            **settings,
        }
        command = [str(BIN / "target-iterable"), "--config", written(folder, "config.json", config)]
        ended = run(command, folder, messages)
        types = _asked(sandbox, "GET", "/api/users/getFields").json()["fields"]
        people = {name: sandbox.user(f"{name}@example.com") for name in ("ann", "bob", "cat")}
    profile = people["ann"] or people["cat"] or {}
    return {
        "status": ended.status,
        **({"reason": ended.reason} if ended.status else {}),
        "written": sorted(name for name, found in people.items() if found),
        "rejected": _rejected(folder / "rejects"),
        "profile": {
            name: [types.get(name, ""), json.dumps(value, ensure_ascii=False)]
            for name, value in sorted(profile.items())
            if not name.startswith(("itbl", "profileUpdatedAt", "signup", "emailListIds", "subscribed", "unsubscribed"))
        },
    }


def _rejected(folder: Path) -> list[str]:
    """The reasons, each once."""
    lines = [json.loads(line) for path in folder.glob("*.singer") for line in path.read_text().splitlines()]
    return sorted({f"{line['reject']['code']}: {line['reject']['reason']}" for line in lines if "reject" in line})


def _profile(user: Mapping[str, Any]) -> dict[str, Any]:
    return {"email": user["email"], "dataFields": {name: value for name, value in user.items() if name != "email"}}


def _asked(sandbox: Sandbox, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
    return requests.request(method, sandbox.url + path, json=body, headers={"Api-Key": sandbox.api_key}, timeout=60)
