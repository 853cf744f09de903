"""Formats of exports: JSON lines, and CSV with a header row."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import StringIO
from itertools import islice
from typing import Any, Final, Literal

from iterable_sandbox.exports.lines import Lines, Query, json_lines, rows
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.wire.json_text import to_json
from iterable_sandbox.wire.responses import bad_params

FormatName = Literal["application/x-json-stream", "text/csv"]

JSON: Final[FormatName] = "application/x-json-stream"
CSV: Final[FormatName] = "text/csv"

_CHUNK_LINES: Final = 500
_CREATED_AT: Final = "createdAt"
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2} [+-]\d{2}:\d{2}", re.ASCII)


@dataclass(frozen=True)
class Text:
    """An export as text: an optional header line, and the lines of the rows."""

    header: str | None
    lines: Lines


@dataclass(frozen=True)
class Format:
    """A format: suffix of file names, and the function that renders an export."""

    suffix: str
    render: Callable[[Store, Settings, Query, str], Text]


def checked_delimiter(requested: str | None) -> str:
    """Delimiter of CSV: the requested character, or a comma.

    Raises:
        RefusedError: 400 if it is not a single character, or one that CSV needs otherwise.
    """
    delimiter = requested or ","
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise bad_params(f"Invalid delimiter: {delimiter}")
    return delimiter


def csv_line(cells: Iterable[Any], delimiter: str = ",") -> str:
    """Row of CSV without its newline. None is an empty cell; booleans, arrays and objects are JSON text."""
    text = StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="").writerow([_cell(value) for value in cells])
    return text.getvalue()


def _export_line(cells: Iterable[Any], delimiter: str) -> str:
    """Row of an export. Dates are quoted, as in a recorded answer; whether other texts are, is not known."""
    return delimiter.join(_export_cell(value, delimiter) for value in cells)


def _export_cell(value: Any, delimiter: str) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str):
        return csv_line([value], delimiter)
    if _DATE.fullmatch(value):
        return f'"{value}"'
    return csv_line([value], delimiter) if any(one in value for one in (delimiter, '"', "\n", "\r")) else value


def _cell(value: Any) -> Any:
    return to_json(value) if isinstance(value, bool | list | dict) else value


def _json(store: Store, settings: Settings, query: Query, _delimiter: str) -> Text:
    return Text(None, json_lines(store, settings, query))


def _csv(store: Store, settings: Settings, query: Query, delimiter: str) -> Text:
    """Render CSV. The rows are read twice, as their fields make the columns. Without rows there is no header.

    `createdAt` comes first and unasked if some fields are asked for, as in a recorded answer, which JSON lines do not
    have.
    """
    if query.only:
        query = replace(query, only=query.only | {_CREATED_AT})
    columns = list(dict.fromkeys(name for row in rows(store, settings, query) for name in row))
    if query.only:
        columns.sort(key=lambda name: name != _CREATED_AT)
    found = (_export_line(map(row.get, columns), delimiter) for row in rows(store, settings, query))
    return Text(csv_line(columns, delimiter) if columns else None, _chunks(found))


def _chunks(lines: Iterator[str]) -> Lines:
    return iter(lambda: list(islice(lines, _CHUNK_LINES)), [])


FORMATS: Final[Mapping[FormatName, Format]] = {JSON: Format("json", _json), CSV: Format("csv", _csv)}
"""Media type, as in `outputFormat` of the contract -> format."""
