"""Condenses what Iterable publishes about its API into the tables that the contract tests read.

    python -m tools.contract_facts API_DOCS.json EVENT_FIELDS.json EXPORT_LINES.json

The first is served at api.iterable.com/api-docs. The tables hold names, types, limits and sizes, and none of its text.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from tools.generated import ROOT

FACTS: Final = ROOT / "tests" / "contract" / "facts"
_INDENT: Final = "    "

_LIMIT: Final = re.compile(
    r"(?:Rate limit|Daily Cap): (\d+) requests?(?:/| per )(second|minute|24 hour period), "
    r"per (project|API key|organization)\b"
)
_ANY_LIMIT: Final = re.compile(r"rate limit\b|daily cap|requests?\s*(?:/|per)", re.IGNORECASE)
_SECONDS: Final = {"second": 1, "minute": 60, "24 hour period": 86_400}
_SCOPES: Final = {"project": "project", "API key": "key", "organization": "organisation"}

_SIZES: Final = {
    "bytes in a request body": (r"Max size of request body</b>: (\d+)MB", 1_000_000),
    "items in a catalog request": (r"Create up to (\d+) catalog items with a single request", 1),
    "bytes in a catalog item": (r"JSON representation of the catalog item. +Max size is is (\d+)kb", 1000),
    "bytes in an event id": (r"this ID cannot be longer than (\d+) bytes", 1),
}
"""Size to where the text states it, and the unit it is stated in."""


class OverlookedLimitError(Exception):
    """The text of an operation speaks of a limit in words that are not known here."""


class _PlainText(HTMLParser):
    """The text of a description, without its mark-up."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        """See `HTMLParser`."""
        self.parts.append(data)


def api_table(document: Mapping[str, Any]) -> str:
    """Sizes, operations and types of a Swagger 2.0 document.

    Raises:
        OverlookedLimitError: if a limit is stated in another form than all others.
    """
    operations = [
        line
        for path, methods in sorted(document["paths"].items())
        for method, operation in sorted(methods.items())
        for line in _operation(f"{method.upper()} {path}", operation)
    ]
    types = [line for name in sorted(_reachable(document)) for line in _type(name, document["definitions"][name])]
    host = f"host {document['host']}"
    return _table(
        "Iterable's HTTP API: sizes, operations (parameters, body, answers, limits), and the types that they name.",
        [host, *_sizes(document), *operations, *types],
    )


def fields_table(published: Mapping[str, Mapping[str, str]]) -> str:
    """The fields of each data type, with their types."""
    return _table("Fields of exported data types, as published or seen.", _nested(published))


def kinds_table(lines: Mapping[str, list[Mapping[str, Any]]]) -> str:
    """The kinds of values that each field had in lines of exports."""
    kinds = {
        name: {field: " | ".join(sorted(_kinds(rows, field))) for field in sorted({f for row in rows for f in row})}
        for name, rows in lines.items()
    }
    return _table("Kinds of values that fields had in exported lines.", _nested(kinds))


def _kinds(rows: list[Mapping[str, Any]], field: str) -> set[str]:
    return {kind_of(row[field]) for row in rows if field in row}


def kind_of(value: Any) -> str:
    """The kind of a JSON value: `string`, `[integer]`."""
    if isinstance(value, list):
        return f"[{', '.join(sorted({kind_of(one) for one in value}))}]"
    names = {bool: "boolean", int: "integer", float: "number", str: "string", dict: "object", type(None): "null"}
    return names[type(value)]


def _nested(table: Mapping[str, Mapping[str, str]]) -> list[str]:
    return [
        line
        for name, fields in sorted(table.items())
        if not name.startswith("_")
        for line in (name, *(f"{_INDENT}{field}: {kind}" for field, kind in sorted(fields.items())))
    ]


def _table(about: str, lines: list[str]) -> str:
    return "\n".join([f"# {about}", "# Written by `python -m tools.contract_facts`.", *lines]) + "\n"


def _sizes(document: Mapping[str, Any]) -> Iterator[str]:
    texts = list(_texts(document))
    for size, (pattern, unit) in _SIZES.items():
        (number,) = {int(found) for text in texts for found in re.findall(pattern, text)}
        yield f"most {size}: {number * unit}"


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


def _operation(route: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield route
    yield from _limits(route, "".join(_PlainText(operation.get("description") or "").parts))
    for one in operation["parameters"]:
        if one["in"] == "body":
            yield f"{_INDENT}body: {_kind(one['schema'])}"
        else:
            yield f"{_INDENT}{one['in']} {one['name']}{'*' * one['required']}: {_kind(one)}"
    for status, answer in operation["responses"].items():
        if status.startswith("2") and "schema" in answer:
            yield f"{_INDENT}{status}: {_kind(answer['schema'])}"


def _limits(route: str, text: str) -> Iterator[str]:
    if _ANY_LIMIT.search(_LIMIT.sub("", text)):
        raise OverlookedLimitError(route)
    for count, period, scope in _LIMIT.findall(text):
        yield f"{_INDENT}limit: {count} in {_SECONDS[period]} s per {_SCOPES[scope]}"


def _type(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    yield f"type {name}"
    for field, inner in sorted(schema.get("properties", {}).items()):
        yield f"{_INDENT}{field}{'*' * (field in schema.get('required', ()))}: {_kind(inner)}"


def _kind(schema: Mapping[str, Any]) -> str:
    """How a type is written: `<Name>`, `[items]`, `{values}`, or the texts that it may be."""
    if "$ref" in schema:
        return f"<{schema['$ref'].rpartition('/')[2]}>"
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if schema["type"] == "array":
        return f"[{_kind(schema['items'])}]"
    if "additionalProperties" in schema:
        return f"{{{_kind(schema['additionalProperties'])}}}"
    return str(schema["type"])


def _reachable(document: Mapping[str, Any]) -> set[str]:
    """The types that operations name, and those that these name."""
    found: set[str] = set()
    waiting = [document["paths"]]
    while waiting:
        for name in set(_references(waiting.pop())) - found:
            found.add(name)
            waiting.append(document["definitions"][name])
    return found


def _references(value: Any) -> Iterator[str]:
    for text in _texts(value):
        if text.startswith("#/definitions/"):
            yield text.rpartition("/")[2]


def main(api_docs: str, event_fields: str, export_lines: str) -> None:
    """Write the three tables."""
    FACTS.mkdir(exist_ok=True)
    tables = {
        "api.txt": api_table(_read(api_docs)),
        "event_fields.txt": fields_table(_read(event_fields)),
        "exported_kinds.txt": kinds_table(_read(export_lines)),
    }
    for name, table in tables.items():
        (FACTS / name).write_text(table, encoding="utf-8")


def _read(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    main(*sys.argv[1:])
