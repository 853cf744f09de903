"""What the loaders are given: files of messages that tap-iterable wrote, each from a project made for it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import requests

from demo.processes import BIN
from iterable_sandbox.server import Sandbox
from iterable_sandbox.wire.clock import StoppedClock
from tools.crossed.running import run, written

NOW: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
BIG: Final = 2**63 - 1
TEXT: Final = 'line\nnext\ttab "q", \\n é😀'
MOMENT: Final = "2026-01-02 03:04:05.678 +00:00"
EDGES: Final = "edges@example.com"
BARE: Final = "bare@example.com"
FIELDS: Final[Mapping[str, Any]] = {
    "signupDate": MOMENT,
    "bigNumber": BIG,
    "note": TEXT,
    "half": 2.5,
    "prefs": {"tags": ["a", "b"], "price": 2.5},
}
"""Fields of the user `EDGES`; the user `BARE` has none of them."""
MAIN: Final = (
    "users",
    "custom_event",
    "email_send",
    "email_click",
    "purchase",
    "campaigns",
    "campaign_metrics",
    "templates",
    "journeys",
    "lists",
    "user_fields",
    "snippets",
    "whatsapp_bounce",
    "forgotten_users",
)
"""Streams of the main project; the last one has no record."""
LONG: Final = "a_field_of_which_the_first_sixty_three_bytes_are_the_same_as_of_another_one"


@dataclass(frozen=True)
class Messages:
    """A file of messages, and what it holds.

    Attributes:
        path: the file.
        records: stream -> its records, in their order.
        keys: stream -> its key.
    """

    path: Path
    records: Mapping[str, list[dict[str, Any]]]
    keys: Mapping[str, list[str]]

    @property
    def count(self) -> int:
        """All records."""
        return sum(map(len, self.records.values()))


class Material:
    """Makes each file when it is first asked for.

    Args:
        folder: for the files.
        tap: settings of tap-iterable beside those that the files need.
        users, events: how many the main project has.
    """

    def __init__(self, folder: Path, tap: Mapping[str, Any], *, users: int = 3_000, events: int = 30_000) -> None:
        self._folder = folder
        self._tap = tap
        self._users, self._events = users, events

    @cached_property
    def main(self) -> tuple[Messages, Messages]:
        """A whole project, and what a second run of the tap gives after 200 more events and 200 more users."""
        folder = self._folder / "main"
        with _sandbox() as sandbox:
            sandbox.seed(users=self._users, events=self._events, until=NOW - timedelta(days=1))
            config = {**self._tap, "costly_streams": ["campaign_metrics"], "end_date": NOW.isoformat()}
            first = _read(sandbox, folder / "first", config, streams=MAIN)
            sandbox.advance(timedelta(hours=1))
            sandbox.load("user", [{"email": f"new{number}@example.com"} for number in range(200)])
            lines = ({"email": f"new{number}@example.com", "eventName": "late", "n": number} for number in range(200))
            sandbox.load("customEvent", lines)
            config["end_date"] = (NOW + timedelta(days=1)).isoformat()
            return first, _read(sandbox, folder / "later", config, _last_state(first.path), MAIN)

    @cached_property
    def edges(self) -> Messages:
        """Two users in typed columns: one with awkward values, one without any."""
        users: list[dict[str, Any]] = [{"email": EDGES, "emailListIds": [1, 2], **FIELDS}, {"email": BARE}]
        return self._users_of("edges", users)

    @cached_property
    def case(self) -> Messages:
        """A user with three columns whose names differ by case alone."""
        return self._users_of("case", [{"email": EDGES, "plan": "a", "Plan": "b", "PLAN": "c"}])

    @cached_property
    def long(self) -> Messages:
        """A user with two columns whose names are alike in their first 63 bytes."""
        return self._users_of("long", [{"email": EDGES, f"{LONG}_a": "a", f"{LONG}_b": "b"}])

    @cached_property
    def empty(self) -> Messages:
        """A stream without a record."""
        with _sandbox() as sandbox:
            return _read(sandbox, self._folder / "empty", self._tap, streams=["forgotten_users"])

    @cached_property
    def versions(self) -> tuple[Messages, Messages]:
        """Lists with ACTIVATE_VERSION, and the same after 8 of 20 are gone."""
        config = {**self._tap, "emit_activate_version_messages": True}
        with _sandbox() as sandbox:
            ids = [_post(sandbox, "/api/lists", {"name": f"list {number}"})["listId"] for number in range(20)]
            whole = _read(sandbox, self._folder / "whole", config, streams=["lists"])
            for number in ids[:8]:
                _call(sandbox, "DELETE", f"/api/lists/{number}")
            return whole, _read(sandbox, self._folder / "gone", config, streams=["lists"])

    def batch(self, form: str) -> Messages:
        """The users of `edges` in BATCH files of a form, `jsonl` or `parquet`."""
        root = self._folder / f"batch-{form}" / "files"
        compression = {"compression": "gzip"} if form == "jsonl" else {}
        encoding = {"format": form, **compression}
        config = {"batch_config": {"encoding": encoding, "storage": {"root": root.as_uri()}}}
        return self._users_of(
            f"batch-{form}", [{"email": EDGES, "emailListIds": [1, 2], **FIELDS}, {"email": BARE}], config
        )

    def _users_of(self, name: str, users: list[dict[str, Any]], config: Mapping[str, Any] | None = None) -> Messages:
        with _sandbox() as sandbox:
            sandbox.load("user", users)
            typed = {"typed_user_fields": True, **self._tap, **(config or {})}
            return _read(sandbox, self._folder / name, typed, streams=["users"])


def _sandbox() -> Sandbox:
    return Sandbox(clock=StoppedClock(NOW))


def _read(
    sandbox: Sandbox,
    folder: Path,
    config: Mapping[str, Any],
    state: Any = None,
    streams: Collection[str] = (),
) -> Messages:
    """What the tap writes, of all streams or of some."""
    settings = {
        "api_key": sandbox.api_key,
        "api_url": sandbox.url,
        "start_date": "2025-01-01",
        "run_history": "",
        "enforce_rate_limits": False,
        "end_date": (NOW + timedelta(days=1)).isoformat(),
        **config,
    }
    arguments = ["--config", written(folder, "config.json", settings)]
    command = [str(BIN / "tap-iterable"), *arguments]
    if streams:
        catalog = _selected(json.loads(_output([*command, "--discover"], folder)), streams)
        command += ["--catalog", written(folder, "catalog.json", catalog)]
    if state is not None:
        command += ["--state", written(folder, "state.json", state)]
    path = folder / "messages.singer"
    path.write_text(_output(command, folder))
    return _messages(path)


def _output(command: list[str], folder: Path) -> str:
    ended = run(command, folder)
    if ended.status:
        raise RuntimeError(ended.log[-2000:])
    return ended.output


def _selected(catalog: dict[str, Any], streams: Collection[str]) -> dict[str, Any]:
    for entry in catalog["streams"]:
        for metadata in entry["metadata"]:
            if not metadata["breadcrumb"]:
                metadata["metadata"]["selected"] = entry["tap_stream_id"] in streams
    return catalog


def _messages(path: Path) -> Messages:
    records: dict[str, list[dict[str, Any]]] = {}
    keys: dict[str, list[str]] = {}
    for message in _parsed(path):
        if message["type"] == "SCHEMA":
            records.setdefault(message["stream"], [])
            keys[message["stream"]] = message["key_properties"]
        elif message["type"] == "RECORD":
            records[message["stream"]].append(message["record"])
    return Messages(path, records, keys)


def _parsed(path: Path) -> Iterator[dict[str, Any]]:
    with path.open() as lines:
        yield from map(json.loads, lines)


def _last_state(path: Path) -> Any:
    return [message["value"] for message in _parsed(path) if message["type"] == "STATE"][-1]


def _post(sandbox: Sandbox, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = _call(sandbox, "POST", path, body).json()
    return answer


def _call(sandbox: Sandbox, method: str, path: str, body: Mapping[str, Any] | None = None) -> requests.Response:
    answer = requests.request(method, sandbox.url + path, json=body, headers={"Api-Key": sandbox.api_key}, timeout=60)
    answer.raise_for_status()
    return answer
