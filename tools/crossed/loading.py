"""Running a loader through all that it is tried with, and what is seen of it, as plain values for the results."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import s3fs

from tools.crossed.environments import program
from tools.crossed.material import BARE, EDGES, FIELDS, Material, Messages
from tools.crossed.packages import FOLDER, Package
from tools.crossed.running import Ended, run, written
from tools.crossed.servers import KEYS, Servers
from tools.crossed.stores import STORES, Table, Tables, of_stream, plain

_SERVER_OF: Final = {"postgres": "postgres", "s3": "s3"}
_DATES: Final = frozenset({"startDateTime", "endDateTime"})
"""Parts of keys that loaders write in forms of their own."""
_SIMILAR: Final = ("plan", "afieldof")
"""How the names of `Material.case` and `Material.long` begin."""


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
        return run([self.source, "--config", config], folder, messages, KEYS)

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

    def seen(self, material: Material, parts: Collection[str]) -> dict[str, Any]:
        """What the trials of these names showed, `main` and those of `PARTS`.

        Raises:
            NoServerError: this machine lacks a server.
        """
        main = self._main(*material.main) if "main" in parts else {}
        return {**main, **{name: trial(self, material) for name, trial in PARTS.items() if name in parts}}

    def versions(self, whole: Messages, gone: Messages) -> dict[str, Any]:
        """Lists of which eight are gone in the second run."""
        place = self._place("versions")
        ended = [place.load(whole.path), place.load(gone.path)]
        table = of_stream(place.tables(), "lists", whole.keys)
        marked = [row for row in table.rows if any(map(_is_mark, row.items()))]
        return {**_ending(ended[-1]), "rows": len(table.rows), "marked": len(marked)}

    def empty(self, messages: Messages) -> dict[str, Any]:
        """Whether there is a table, or a file, for a stream without records."""
        place = self._place("empty")
        return {**_ending(place.load(messages.path)), "tables": len(place.tables())}

    def users(self, name: str, messages: Messages) -> dict[str, Any]:
        """Two users in typed columns."""
        place = self._place(name)
        ended = place.load(messages.path)
        table = of_stream(place.tables(), "users", {"users": ""})
        return {**_ending(ended), "rows": len(table.rows), **({"columns": _columns(table)} if table.rows else {})}

    def names(self, name: str, messages: Messages) -> dict[str, Any]:
        """A user with similar names of columns, loaded twice: some names break loaders in the second run alone."""
        place = self._place(name)
        ended = [place.load(messages.path) for _ in range(2)]
        table = of_stream(place.tables(), "users", {"users": ""})
        similar = {
            key: value for row in table.rows[:1] for key, value in row.items() if plain(key).startswith(_SIMILAR)
        }
        return {**_ending(max(ended, key=lambda end: end.status)), "rows": len(table.rows), "columns": similar}

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
            seen["per_cpu_second"] = {"records": round(rate, -2)}
        return seen

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


PARTS: Final[Mapping[str, Callable[[Trials, Material], dict[str, Any]]]] = {
    "versions": lambda trials, material: trials.versions(*material.versions),
    "empty": lambda trials, material: trials.empty(material.empty),
    "edges": lambda trials, material: trials.users("edges", material.edges),
    "case": lambda trials, material: trials.names("case", material.case),
    "long": lambda trials, material: trials.names("long", material.long),
    "batch-jsonl": lambda trials, material: trials.users("batch-jsonl", material.batch("jsonl")),
    "batch-parquet": lambda trials, material: trials.users("batch-parquet", material.batch("parquet")),
}
"""The trials beside the main one."""


def _prepare(store: str, places: Mapping[str, Any]) -> None:
    if store == "s3":
        options = {"endpoint_url": places["s3"]}
        s3fs.S3FileSystem(key="crossed", secret="crossed", client_kwargs=options).mkdir(places["schema"])  # noqa: S106


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
    """The row by plain names; without cells that have none, as in lines that are longer than their header."""
    return {plain(name): value for name, value in row.items() if name is not None}


def _is_mark(item: tuple[str, Any]) -> bool:
    """Whether a column says that its row was deleted."""
    return "delete" in item[0] and item[1] not in {"", None}


def _columns(table: Table) -> dict[str, Any]:
    """The columns of `FIELDS`: name, type, the value of the one user, and what the other has instead."""
    named = {plain(name): name for name in table.columns}
    found = {_renamed(row).get("email"): row for row in table.rows}
    seen: dict[str, Any] = {}
    for column in [*FIELDS, "emailListIds"]:
        name = named.get(plain(column))
        if name is not None:
            value, absent = (found.get(user, {}).get(name, "<absent>") for user in (EDGES, BARE))
            seen[column] = {"name": name, "type": table.columns[name], "value": _text(value), "absent": _text(absent)}
    return seen


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value if isinstance(value, str) else "NULL" if value is None else str(value)
