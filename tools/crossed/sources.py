"""Where the extractors read: the same three people in databases and files, as far as each can hold them."""

from __future__ import annotations

import csv
import json
import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import duckdb
import psycopg
import s3fs

from tools.crossed.packages import FOLDER

Places = Mapping[str, Any]

PEOPLE: Final[Sequence[Mapping[str, Any]]] = (
    {
        "email": "ann@example.com",
        "note": 'a "quote", a\nline',
        "visits": 12,
        "bigNumber": 2**53 + 1,
        "balance": 12.50,
        "ratio": 5,
        "vip": True,
        "born": "1990-02-28",
        "seen": "2026-01-02T03:04:05.678Z",
        "prefs": {"k": True, "n": 2.5},
        "tags": ["a", "b"],
        "postcode": "01234",
    },
    {"email": "bob@example.com", "note": ""},
    {
        "email": "cat@example.com",
        "note": "cat",
        "visits": 7,
        "bigNumber": 1,
        "balance": 0.10,
        "ratio": 2.5,
        "vip": False,
        "born": "2001-12-31",
        "seen": "2026-02-03T00:00:00Z",
        "prefs": {"k": False, "n": 1},
        "tags": [],
        "postcode": "99999",
    },
)
COLUMNS: Final = tuple(PEOPLE[0])


def _postgres(places: Places) -> None:
    script = (FOLDER / "people.sql").read_text().format_map(places)
    with psycopg.connect(f"postgresql://postgres@/postgres?host={places['postgres']}") as connection:
        connection.execute(script.encode())


def _mariadb(places: Places) -> None:
    script = (FOLDER / "people_mariadb.sql").read_text().format_map(places)
    client = ["mariadb", "--no-defaults", "-h127.0.0.1", f"-P{places['mariadb']}", "-ucrossed", "-pcrossed"]
    subprocess.run(client, input=script, text=True, check=True)  # noqa: S603 (our own command)


def _csv(places: Places) -> None:
    with _file(places, "people.csv").open("w", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        writer.writerows([_cell(person.get(name)) for name in COLUMNS] for person in PEOPLE)


def _jsonl(places: Places) -> None:
    _file(places, "people.jsonl").write_text("".join(json.dumps(person) + "\n" for person in PEOPLE))


def _json(places: Places) -> None:
    (_file(places, "people.json")).write_text(json.dumps(list(PEOPLE)))


def _duckdb(places: Places) -> None:
    _jsonl(places)
    with duckdb.connect(str(_file(places, "people.duckdb"))) as connection:
        read = "select * replace (cast(balance as decimal(12, 2)) as balance, cast(born as date) as born)"
        source = f"read_json('{_file(places, 'people.jsonl')}')"
        connection.execute(f"create table people as {read} from {source}")


def _s3(places: Places) -> None:
    _csv(places)
    store = s3fs.S3FileSystem(key="crossed", secret="crossed", client_kwargs={"endpoint_url": places["s3"]})  # noqa: S106
    store.mkdir(places["schema"])
    store.put_file(str(_file(places, "people.csv")), f"{places['schema']}/people.csv")


def _dbf(places: Places) -> None:
    """DBase III: names in capitals of at most ten letters, and no objects."""
    fields = (
        ("EMAIL", "C", 40, 0),
        ("NOTE", "C", 40, 0),
        ("VISITS", "N", 10, 0),
        ("BALANCE", "N", 12, 2),
        ("VIP", "L", 1, 0),
        ("BORN", "D", 8, 0),
        ("POSTCODE", "C", 9, 0),
    )
    width = 1 + sum(field[2] for field in fields)
    header = struct.pack("<B3BIHH20x", 3, 126, 11, 1, len(PEOPLE), 32 * len(fields) + 33, width)
    described = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), size, places_) for name, kind, size, places_ in fields
    )
    rows = b"".join(
        b" "
        + b"".join(_dbf_cell(person.get(name.lower()), kind, size, places_) for name, kind, size, places_ in fields)
        for person in PEOPLE
    )
    _file(places, "people.dbf").write_bytes(header + described + b"\r" + rows + b"\x1a")


def _dbf_cell(value: Any, kind: str, size: int, decimals: int) -> bytes:
    if value is None:
        return (b"?" if kind == "L" else b" ") * size
    text = {
        "L": "T" if value else "F",
        "D": str(value).replace("-", ""),
        "N": f"{value:.{decimals}f}" if kind == "N" else "",
    }
    return text.get(kind, str(value)).replace("\n", " ").encode().ljust(size)[:size]


def _cell(value: Any) -> str:
    """As spreadsheets and CSV have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else json.dumps(value) if isinstance(value, dict | list) else str(value)


def _file(places: Places, name: str) -> Path:
    return Path(places["folder"]) / name


SOURCES: Final[Mapping[str, Callable[[Places], None]]] = {
    "postgres": _postgres,
    "mariadb": _mariadb,
    "s3": _s3,
    "csv": _csv,
    "jsonl": _jsonl,
    "json": _json,
    "duckdb": _duckdb,
    "dbf": _dbf,
}
"""Kind of source -> what makes it in the places of a run."""
