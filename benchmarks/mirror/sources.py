"""Sources of mirrored streams: a first version, and a second one in which one record in a hundred is another one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CHANGED: Final = 100
"""One record of so many leaves with the second version, and another comes."""
VERSIONS: Final = (1, 2)
_TEXT: Final = {"type": ["string", "null"]}
_NUMERIC: Final = {"type": ["number", "null"]}


@dataclass(frozen=True)
class Source:
    """A mirrored stream.

    Attributes:
        stream: its name, and that of its object.
        route: what its route says beside the object and the mode.
        columns: column -> schema; the first is the key.
        record: makes the JSON of a record by its number.
    """

    stream: str
    route: Mapping[str, Any]
    columns: Mapping[str, Mapping[str, Any]]
    record: Callable[[int], str]

    def settings(self) -> dict[str, Any]:
        """Settings of a target."""
        route = {"object": self.stream, "mode": "mirror", "skip_unchanged": True, **self.route}
        return {"streams": {self.stream: route}}

    def write(self, path: Path, count: int, version: int) -> None:
        """Write the messages of a version with `count` records."""
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in self._messages(count, version))

    def _messages(self, count: int, version: int) -> Iterator[str]:
        schema = {"type": "object", "properties": dict(self.columns)}
        key = next(iter(self.columns))
        yield json.dumps({"type": "SCHEMA", "stream": self.stream, "schema": schema, "key_properties": [key]})
        for place in range(count):
            number = count + place if version > 1 and place % CHANGED == 0 else place
            yield f'{{"type":"RECORD","stream":"{self.stream}","record":{self.record(number)},"version":{version}}}'
        yield json.dumps({"type": "ACTIVATE_VERSION", "stream": self.stream, "version": version})
        yield json.dumps({"type": "STATE", "value": {"version": version}})


def _member(number: int) -> str:
    return f'{{"email":"user{number}@example.com"}}'


def _user(number: int) -> str:
    fields = f'"firstName":"Ann","lastName":"Novak {number}","favouriteCity":"Leeds","total":{number % 1000}.5'
    return f'{{"email":"user{number}@example.com",{fields}}}'


def _item(number: int) -> str:
    return f'{{"itemId":"A-{number}","name":"Mug {number}","price":{number % 100}.95}}'


SOURCES: Final = {
    "members of a list": Source("list_members", {"list_id": 5}, {"email": _TEXT}, _member),
    "users": Source(
        "users",
        {"on_removed": "clear"},
        {"email": _TEXT, "firstName": _TEXT, "lastName": _TEXT, "favouriteCity": _TEXT, "total": _NUMERIC},
        _user,
    ),
    "items of a catalog": Source(
        "catalog_items", {"catalog": "Things"}, {"itemId": _TEXT, "name": _TEXT, "price": _NUMERIC}, _item
    ),
}
