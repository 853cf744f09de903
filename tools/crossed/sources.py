"""Where the extractors read: the same three people in databases and files, as far as each can hold them."""

from __future__ import annotations

import csv
import json
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

import duckdb
import psycopg
import s3fs

from tools.crossed.packages import FOLDER

Places = Mapping[str, Any]

PEOPLE: Final[Sequence[Mapping[str, Any]]] = (
    {
        "email": "ann@example.com", "note": 'a "quote", a\nline', "visits": 12, "bigNumber": 2**53 + 1, "balance": 12.50,
        "ratio": 5, "vip": True, "born": "1990-02-28", "seen": "2026-01-02T03:04:05.678Z", "prefs": {"k": True, "n": 2.5},
        "tags": ["a", "b"], "postcode": "01234",
    },
    {"email": "bob@example.com", "note": ""},
    {
        "email": "cat@example.com", "note": "cat", "visits": 7, "bigNumber": 1, "balance": 0.10, "ratio": 2.5, "vip": False,
        "born": "2001-12-31", "seen": "2026-02-03T00:00:00Z", "prefs": {"k": False, "n": 1}, "tags": [], "postcode": "99999",
    },
)  # fmt: skip
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
        connection.execute(f"create table people as {read} from {source}")  # noqa: S608 (a path of our own)


def _s3(places: Places) -> None:
    _csv(places)
    store = s3fs.S3FileSystem(key="crossed", secret="crossed", client_kwargs={"endpoint_url": places["s3"]})  # noqa: S106
    store.mkdir(places["schema"])
    store.put_file(str(_file(places, "people.csv")), f"{places['schema']}/people.csv")


def _xlsx(places: Places) -> None:
    """The least that Excel opens: numbers, booleans and dates are cells of these types, all else is text."""
    rows = [COLUMNS, *([person.get(name) for name in COLUMNS] for person in PEOPLE)]
    lines = "".join(f"<row>{''.join(map(_xlsx_cell, row))}</row>" for row in rows)
    main, relations = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org"
    document = f"{relations}/officeDocument/2006/relationships"
    package = f"{relations}/package/2006/relationships"
    content = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{relations}/package/2006/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
        f'"{content}.sheet.main+xml"/><Override PartName="/xl/s.xml" ContentType="{content}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{content}.styles+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}"><Relationship Id="a" Type="{document}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{document}"><sheets><sheet name="people" sheetId="1" r:id="b"/>'
        "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}"><Relationship Id="b" Type="{document}/worksheet" '
        f'Target="s.xml"/><Relationship Id="c" Type="{document}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{main}"><fonts count="1"><font/></fonts><fills count="1"><fill><patternFill/></fill></fills><borders '
        'count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="2"><xf numFmtId="0"/>'
        '<xf numFmtId="14" applyNumberFormat="1"/></cellXfs></styleSheet>',
        "xl/s.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData></worksheet>',
    }
    with zipfile.ZipFile(_file(places, "people.xlsx"), "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)


_DAYS: Final = {"1990-02-28": 32932, "2001-12-31": 37256}
"""The dates of birth as Excel counts days."""


def _xlsx_cell(value: Any) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str) and value in _DAYS:
        return f'<c s="1"><v>{_DAYS[value]}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_cell(value))}</t></is></c>'


def _dbf(places: Places) -> None:
    """dBase III: names in capitals of at most ten letters, and no objects."""
    fields = (("EMAIL", "C", 40, 0), ("NOTE", "C", 40, 0), ("VISITS", "N", 10, 0), ("BALANCE", "N", 12, 2), ("VIP", "L", 1, 0),
              ("BORN", "D", 8, 0), ("POSTCODE", "C", 9, 0))  # fmt: skip
    width = 1 + sum(field[2] for field in fields)
    header = struct.pack("<B3BIHH20x", 3, 126, 11, 1, len(PEOPLE), 32 * len(fields) + 33, width)
    described = b"".join(
        struct.pack("<11sc4xBB14x", name.encode(), kind.encode(), size, places_) for name, kind, size, places_ in fields
    )
    rows = b"".join(b" " + b"".join(_dbf_cell(person.get(name.lower()), *rest) for name, *rest in fields) for person in PEOPLE)
    _file(places, "people.dbf").write_bytes(header + described + b"\r" + rows + b"\x1a")


def _dbf_cell(value: Any, kind: str, size: int, decimals: int) -> bytes:
    if value is None:
        return (b"?" if kind == "L" else b" ") * size
    text = {"L": "T" if value else "F", "D": str(value).replace("-", ""), "N": f"{value:.{decimals}f}" if kind == "N" else ""}
    return text.get(kind, str(value)).replace("\n", " ").encode().ljust(size)[:size]


def _cell(value: Any) -> str:
    """As spreadsheets and CSV have it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else json.dumps(value) if isinstance(value, dict | list) else str(value)


def _file(places: Places, name: str) -> Path:
    return Path(places["folder"]) / name


SOURCES: Final[Mapping[str, Callable[[Places], None]]] = {
    "postgres": _postgres, "mariadb": _mariadb, "s3": _s3, "csv": _csv, "jsonl": _jsonl, "json": _json, "duckdb": _duckdb,
    "xlsx": _xlsx, "dbf": _dbf,
}  # fmt: skip
"""Kind of source -> what makes it in the places of a run."""
