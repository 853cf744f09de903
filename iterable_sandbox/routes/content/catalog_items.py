"""Items of catalogs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.limits import MAX_CATALOG_ITEM_BYTES, MAX_CATALOG_ITEMS
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.base.pages import requested_page
from iterable_sandbox.routes.content.catalogs import MAX_PAGE_SIZE, NAME, catalog_of
from iterable_sandbox.store.tables.catalogs import Catalog, Item
from iterable_sandbox.wire.body_schema import BOOLEAN, OBJECT, STRING, array_of, object_of
from iterable_sandbox.wire.json_text import to_json, to_json_lines
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope, json_answer, play_error


def list_items(call: Call) -> Response:
    """GET /api/catalogs/{catalogName}/items: by item id, or by a field in descending order unless asked otherwise."""
    catalog, catalogs = catalog_of(call), call.project.store.catalogs
    page = requested_page(call, default=10, largest=MAX_PAGE_SIZE)
    field = call.text("orderBy")
    items: Sequence[Item]
    if field is None:
        items = catalogs.items(catalog, limit=page.size, offset=page.offset)
    else:
        items = page.of(_ordered(catalogs.items(catalog), field, ascending=_ascending(call, catalog, field)))
    total = catalogs.count(catalog)
    links = page.links(call, f"/api/catalogs/{catalog.name}/items", total)
    shown = [_item_json(catalog, item) for item in items]
    return envelope(params={"catalogItemsWithProperties": shown, "totalItemsCount": total} | links)


def get_item(call: Call) -> Response:
    """GET /api/catalogs/{catalogName}/items/{itemId}."""
    catalog, item_id = catalog_of(call), call.path["itemId"]
    item = call.project.store.catalogs.item(catalog, item_id)
    if item is None:
        # Worded by analogy to a missing catalog; Iterable's text is not known.
        msg, code = f"Catalog item not found: {item_id}", "error.catalogs.itemNotFound"
        raise play_error(404, "NotFound", msg, code, [item_id])
    shown = _item_json(catalog, item)
    return envelope(params=shown) if call.project.settings.catalog_item == "envelope" else json_answer(shown)


def put_item(call: Call) -> Response:
    """PUT /api/catalogs/{catalogName}/items/{itemId}: creates or replaces an item."""
    return _write_items(call, {call.path["itemId"]: call.body["value"]}, whole=True)


def patch_item(call: Call) -> Response:
    """PATCH /api/catalogs/{catalogName}/items/{itemId}: creates an item, or updates the given fields."""
    return _write_items(call, {call.path["itemId"]: call.body["update"]}, whole=False)


def bulk_create_items(call: Call) -> Response:
    """POST /api/catalogs/{catalogName}/items: replaces items, or their fields with `replaceUploadedFieldsOnly`."""
    name = catalog_of(call).name
    msg = f"Request to bulk-upload documents into {name} processed successfully"
    return _write_items(call, call.body["documents"], whole=not call.body.get("replaceUploadedFieldsOnly"), msg=msg)


def delete_item(call: Call) -> Response:
    """DELETE /api/catalogs/{catalogName}/items/{itemId}."""
    return _delete_items(call, [call.path["itemId"]])


def bulk_delete_items(call: Call) -> Response:
    """DELETE /api/catalogs/{catalogName}/items."""
    return _delete_items(call, call.body["itemIds"])


def _write_items(call: Call, documents: dict[str, Any], *, whole: bool, msg: str = "") -> Response:
    """Store items. As far as is known, fields are replaced and never merged in depth."""
    catalog, project = catalog_of(call), call.project
    bodies = _checked(documents)
    with project.store.database.transaction():
        if not whole:
            before = {item.id: item.value for item in project.store.catalogs.some(catalog, documents)}
            bodies = _checked({key: before.get(key, {}) | new for key, new in documents.items()})
        project.store.catalogs.put(catalog, bodies.items(), project.clock.now())
    return envelope(msg, status=project.settings.catalog_status)


def _delete_items(call: Call, item_ids: list[str]) -> Response:
    """Delete items. An unknown item is no error, as Iterable answers before it deletes."""
    call.project.store.catalogs.delete_items(catalog_of(call), item_ids)
    return envelope(status=call.project.settings.catalog_status)


def _checked(documents: dict[str, Any]) -> dict[str, str]:
    """Encode items and check their limits: item id -> JSON text.

    Raises:
        RefusedError: an item breaks a limit. Iterable's treatment of the other items is not known.
    """
    if len(documents) > MAX_CATALOG_ITEMS:
        raise RefusedError(envelope(f"More than {MAX_CATALOG_ITEMS} items", "BatchTooLarge", status=400))
    bodies = dict(zip(documents, to_json_lines([*documents.values()]), strict=True))
    if not _all_within_limits(documents, bodies):
        for item_id, value in documents.items():
            _check(item_id, value, bodies[item_id])
    return bodies


def _all_within_limits(documents: dict[str, Any], bodies: dict[str, str]) -> bool:
    """Whether a fast check finds all items within the limits, as most are. False means: check each."""
    return (
        all(map(NAME.fullmatch, documents))
        and all(value.__class__ is dict for value in documents.values())
        and all(len(body) <= _MAX_SMALL_CHARS for body in bodies.values())
        and not any(map(_POSSIBLE_PERIOD.search, bodies.values()))
    )


def _check(item_id: str, value: Any, body: str) -> None:
    if not NAME.fullmatch(item_id):
        raise bad_params(f"Invalid item id: {item_id}")
    if not isinstance(value, dict):
        raise bad_params(f"Item {item_id} is not an object")
    if len(body.encode()) > MAX_CATALOG_ITEM_BYTES:
        raise bad_params(f"Item {item_id} is larger than {MAX_CATALOG_ITEM_BYTES} bytes")
    if _has_period(value):
        raise bad_params(f"Item {item_id} has a field name with a period")


def _has_period(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_period, value))
    return isinstance(value, dict) and any("." in name or _has_period(inner) for name, inner in value.items())


def _ascending(call: Call, catalog: Catalog, field: str) -> bool:
    """Direction of sorting, which may be given only for a field with a type. Iterable's error is not known."""
    typed = field in call.project.store.fields.of(catalog.fields_key)
    if call.text("sortAscending") is not None and not typed:
        raise bad_params(f"sortAscending needs a field with a defined type, which {field} is not")
    return call.boolean("sortAscending")


def _ordered(items: list[Item], field: str, *, ascending: bool) -> list[Item]:
    """Sort items by a field: numbers, then texts. Items without the field come last."""
    present = [item for item in items if field in item.value]
    absent = [item for item in items if field not in item.value]
    return sorted(present, key=lambda item: _sort_key(item.value[field]), reverse=not ascending) + absent


def _sort_key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return 0, float(value), ""
    return 1, 0, value if isinstance(value, str) else to_json(value)


def _item_json(catalog: Catalog, item: Item) -> dict[str, Any]:
    return {
        "catalogName": catalog.name,
        "itemId": item.id,
        "lastModified": item.modified_ms,
        "size": item.size,
        "value": item.value,
    }


_MAX_SMALL_CHARS: Final = MAX_CATALOG_ITEM_BYTES // 4
"""Characters of an item that are within the limit of bytes in any case, at 4 bytes per character."""
_POSSIBLE_PERIOD: Final = re.compile(r"""\.(?:[^."\\]|\\.)*+":""")
"""End of a field name with a period, in JSON. Some values match too, so a match means: check the item."""

_ITEMS: Final = "/api/catalogs/{catalogName}/items"
_ITEM: Final = f"{_ITEMS}/{{itemId}}"
_BULK_CREATE: Final = object_of(required=("documents",), documents=OBJECT, replaceUploadedFieldsOnly=BOOLEAN)
_BULK_DELETE: Final = object_of(required=("itemIds",), itemIds=array_of(STRING))

ENDPOINTS: Final = (
    Endpoint("GET", _ITEMS, list_items),
    Endpoint("POST", _ITEMS, bulk_create_items, _BULK_CREATE),
    Endpoint("DELETE", _ITEMS, bulk_delete_items, _BULK_DELETE),
    Endpoint("GET", _ITEM, get_item),
    Endpoint("PUT", _ITEM, put_item, object_of(required=("value",), value=OBJECT)),
    Endpoint("PATCH", _ITEM, patch_item, object_of(required=("update",), update=OBJECT)),
    Endpoint("DELETE", _ITEM, delete_item),
)
