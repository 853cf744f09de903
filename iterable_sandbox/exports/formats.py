"""Formats of exports: JSON lines, and CSV with a header row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
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


def _cell(value: Any) -> Any:
    return to_json(value) if isinstance(value, bool | list | dict) else value


def _json(store: Store, settings: Settings, query: Query, _delimiter: str) -> Text:
    return Text(None, json_lines(store, settings, query))


def _csv(store: Store, settings: Settings, query: Query, delimiter: str) -> Text:
    """Render CSV. The rows are read twice, as their fields make the columns. Without rows there is no header."""
    columns = list(dict.fromkeys(name for row in rows(store, settings, query) for name in row))
    found = (csv_line(map(row.get, columns), delimiter) for row in rows(store, settings, query))
    return Text(csv_line(columns, delimiter) if columns else None, _chunks(found))


def _chunks(lines: Iterator[str]) -> Lines:
    return iter(lambda: list(islice(lines, _CHUNK_LINES)), [])


FORMATS: Final[Mapping[FormatName, Format]] = {JSON: Format("json", _json), CSV: Format("csv", _csv)}
"""Media type, as in `outputFormat` of the contract -> format."""
