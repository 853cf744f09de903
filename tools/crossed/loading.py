"""Running a loader through all that it is tried with, and what is seen of it, as plain values for `results/loaders.json`."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import s3fs

from tools.crossed.environments import program
from tools.crossed.material import BARE, EDGES, FIELDS, SMALL, Material, Messages
from tools.crossed.packages import FOLDER, Package
from tools.crossed.running import Ended, run, written
from tools.crossed.servers import KEYS, Servers
from tools.crossed.stores import STORES, Table, Tables, of_stream, plain

_SERVER_OF: Final = {"postgres": "postgres", "mariadb": "mariadb", "s3": "s3"}
_DATES: Final = frozenset({"startDateTime", "endDateTime"})
"""Parts of keys that loaders write in forms of their own."""


@dataclass
class Place:
    """Where a loader writes in one of its trials: a new folder, and a new schema, database or bucket."""

    package: Package
    places: dict[str, Any]
    source: str

    def load(self, messages: Path | None) -> Ended:
        """Run the loader over a file."""
        folder = Path(self.places["folder"])
        config = written(folder, "config.json", self.package.settings(self.places))
        arguments = [argument.format_map(self.places) for argument in self.package.arguments]
        return run([self.source, *arguments, "--config", config], folder, messages, KEYS)

    def tables(self) -> Tables:
        """What is there."""
        return STORES[self.package.store](self.places)


class Trials:
    """All trials of a loader.

    Args:
        package: the loader with its settings.
        servers: the servers that it may need.
        folder: for its files.
    """

    def __init__(self, package: Package, servers: Servers, folder: Path) -> None:
        self._package = package
        self._servers = servers
        self._folder = folder
        self._program = program(package)

    def seen(self, material: Material) -> dict[str, Any]:
        """What each trial showed.

        Raises:
            NoServerError: this machine lacks a server.
        """
        return {
            **self._main(*material.main),
            "versions": self._versions(*material.versions),
            **{name: self._users(name, make(material)) for name, make in SMALL.items()},
        }

    def _main(self, first: Messages, later: Messages) -> dict[str, Any]:
        """Three runs: a project, the same again, and what came later."""
        place = self._place("main")
        start = place.load(None).cpu_seconds
        ended = place.load(first.path)
        seen = {"loads": {**_ending(ended), **_compared(place.tables(), first)}}
        rate = first.count / max(ended.cpu_seconds - start, 0.01)
        if seen["loads"]["rows"]:
            seen["again"] = {**_ending(place.load(first.path)), **_compared(place.tables(), first)}
            seen["later"] = {**_ending(place.load(later.path)), **_compared(place.tables(), first, later)}
            seen["per_cpu_second"] = {"records": round(rate, -2 if rate > 1000 else -1)}
        return seen

    def _versions(self, whole: Messages, gone: Messages) -> dict[str, Any]:
        """Lists of which eight are gone in the second run."""
        place = self._place("versions")
        ended = [place.load(whole.path), place.load(gone.path)]
        table = of_stream(place.tables(), "lists", whole.keys)
        marked = [row for row in table.rows if any("delete" in name and value not in ("", None) for name, value in row.items())]
        return {**_ending(ended[-1]), "rows": len(table.rows), "marked": len(marked)}

    def _users(self, name: str, messages: Messages) -> dict[str, Any]:
        """Users in typed columns, loaded twice: names too long break some loaders in the second run alone."""
        place = self._place(name)
        ended = place.load(messages.path)
        seen = _ending(ended)
        table = of_stream(place.tables(), "users", {"users": ""})
        if not ended.status and name in {"case", "long"}:
            seen = _ending(place.load(messages.path))
        return {**seen, "rows": len(table.rows), "columns": _columns(table, messages)}

    def _place(self, name: str) -> Place:
        schema = plain(f"x{plain(self._package.environment)[:18]}{plain(self._folder.name)[-4:]}{plain(name)}")
        folder = self._folder / name
        (folder / "output-files").mkdir(parents=True, exist_ok=True)
        places = {"schema": schema, "folder": str(folder), "tools": str(FOLDER)}
        server = _SERVER_OF.get(self._package.store)
        if server:
            places[server] = getattr(self._servers, server)
        _prepare(self._package.store, places)
        return Place(self._package, places, self._program)


def _prepare(store: str, places: Mapping[str, Any]) -> None:
    if store == "s3":
        options = {"endpoint_url": places["s3"]}
        s3fs.S3FileSystem(key="crossed", secret="crossed", client_kwargs=options).mkdir(places["schema"])  # noqa: S106
    if store == "mariadb":
        client = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{places['mariadb']}", "-ucrossed", "-pcrossed", "-e"]
        subprocess.run([*client, f"create database {places['schema']}"], check=True)  # noqa: S603 (our own command)


def _ending(ended: Ended) -> dict[str, Any]:
    return {"status": ended.status, **({"reason": ended.reason} if ended.status else {})}


def _compared(tables: Tables, *read: Messages) -> dict[str, Any]:
    """Rows in the store, records whose key is not there, and those expected: one for each key."""
    rows, expected, lost, streams = 0, 0, 0, []
    for stream, key in read[0].keys.items():
        table = of_stream(tables, stream, read[0].keys)
        wanted = {_key(record, key) for messages in read for record in messages.records.get(stream, [])}
        missing = wanted - {_key(_renamed(row), list(map(plain, key))) for row in table.rows}
        rows, expected, lost = rows + len(table.rows), expected + len(wanted), lost + len(missing)
        streams += [stream] if missing else []
    return {"rows": rows, "expected": expected, "lost": lost, **({"lost_of": streams} if streams else {})}


def _key(row: Mapping[str, Any], key: list[str]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in key if name not in _DATES and name not in map(plain, _DATES))


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {plain(name): value for name, value in row.items()}


def _columns(table: Table, messages: Messages) -> dict[str, Any]:
    """The columns of `FIELDS`: name, type, the value of the one user, and what the other has instead."""
    named = {plain(name): name for name in table.columns}
    found = {_renamed(row).get("email"): row for row in table.rows}
    seen: dict[str, Any] = {}
    for field in [*FIELDS, "emailListIds"]:
        name = named.get(plain(field))
        if name is not None:
            value, absent = (found.get(user, {}).get(name, "<absent>") for user in (EDGES, BARE))
            seen[field] = {"name": name, "type": table.columns[name], "value": _text(value), "absent": _text(absent)}
    others = [name for name in table.columns if plain(name).startswith(("plan", "afieldof"))]
    return {**seen, **({"others": sorted(others)} if not seen else {})}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "NULL" if value is None else repr(value) if isinstance(value, dict | list) else str(value)
