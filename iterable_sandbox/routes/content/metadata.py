"""Metadata tables: small JSON values for templates."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.limits import MAX_METADATA_VALUE_BYTES
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.store.tables.metadata import Entry
from iterable_sandbox.wire.body_schema import OBJECT, object_of
from iterable_sandbox.wire.json_text import to_json
from iterable_sandbox.wire.responses import bad_params, envelope, json_answer, not_found

_NAME: Final = re.compile(r"[A-Za-z0-9]+")


def list_tables(call: Call) -> Response:
    """GET /api/metadata."""
    return json_answer({"results": [{"name": name} for name in call.project.store.metadata.tables()]})


def list_keys(call: Call) -> Response:
    """GET /api/metadata/{table}: paged by `nextMarker`. An unknown table has no keys."""
    size = call.project.settings.metadata_page
    found = call.project.store.metadata.entries(call.path["table"], after=call.text("nextMarker") or "", limit=size + 1)
    shown = found[:size]
    more = {"nextMarker": shown[-1].key} if len(found) > size else {}
    return json_answer({"results": [_properties(entry) for entry in shown]} | more)


def get_value(call: Call) -> Response:
    """GET /api/metadata/{table}/{key}."""
    table, key = call.path["table"], call.path["key"]
    entry = call.project.store.metadata.get(table, key)
    if entry is None:
        raise not_found(f"No metadata found in table {table} with key {key}")
    return json_answer(_properties(entry) | {"value": entry.value})


def put_value(call: Call) -> Response:
    """PUT /api/metadata/{table}/{key}: creates or replaces a value."""
    table, key, value = call.path["table"], call.path["key"], call.body["value"]
    for name in (table, key):
        if not _NAME.fullmatch(name):
            raise bad_params(f"Not alphanumeric: {name}")
    if len(to_json(value).encode()) > MAX_METADATA_VALUE_BYTES:
        raise bad_params(f"The value is larger than {MAX_METADATA_VALUE_BYTES} bytes")
    call.project.store.metadata.put(table, key, value, call.project.clock.now())
    return envelope(f"Successfully updated object {key} in table {table}")


def delete_table(call: Call) -> Response:
    """DELETE /api/metadata/{table}: an unknown table is no error."""
    call.project.store.metadata.delete(call.path["table"])
    return envelope(f"Successfully deleted table {call.path['table']}")


def delete_value(call: Call) -> Response:
    """DELETE /api/metadata/{table}/{key}: an unknown key is no error."""
    table, key = call.path["table"], call.path["key"]
    call.project.store.metadata.delete(table, key)
    return envelope(f"Successfully deleted metadata by key {key} in table {table}")


def _properties(entry: Entry) -> dict[str, Any]:
    return {"table": entry.table, "key": entry.key, "size": entry.size, "lastModified": entry.modified_ms}


ENDPOINTS: Final = (
    Endpoint("GET", "/api/metadata", list_tables),
    Endpoint("GET", "/api/metadata/{table}", list_keys),
    Endpoint("DELETE", "/api/metadata/{table}", delete_table),
    Endpoint("GET", "/api/metadata/{table}/{key}", get_value),
    Endpoint("PUT", "/api/metadata/{table}/{key}", put_value, object_of(required=("value",), value=OBJECT)),
    Endpoint("DELETE", "/api/metadata/{table}/{key}", delete_value),
)
