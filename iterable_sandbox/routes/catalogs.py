"""Catalogs and their items. Answers wrap their data in the `params` of the envelope; nothing else does."""

from __future__ import annotations

import re
from typing import Any, Final

from starlette.responses import Response

from iterable_api.limits import MAX_CATALOG_ITEM_BYTES, MAX_CATALOG_ITEMS
from iterable_sandbox.envelopes import RefusedError, bad_params, envelope, play_error
from iterable_sandbox.json_text import to_json
from iterable_sandbox.routes.call import Call, Endpoint
from iterable_sandbox.routes.pages import asked_page
from iterable_sandbox.shapes import BOOLEAN, OBJECT, object_of
from iterable_sandbox.store.catalogs import Catalog, Item

_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,255}")
_LARGEST_PAGE: Final = 1000
"""The documented default is 10; the largest page is not documented."""


def list_catalogs(call: Call) -> Response:
    """GET /api/catalogs."""
    catalogs = call.project.store.catalogs.all()
    page = asked_page(call, default=10, largest=_LARGEST_PAGE)
    shown = [{"name": catalog.name} for catalog in catalogs[page.offset : page.offset + page.size]]
    total = {"totalCatalogsCount": len(catalogs)}
    return envelope(params={"catalogNames": shown} | total | page.links(call, "/api/catalogs", len(catalogs)))


def create_catalog(call: Call) -> Response:
    """POST /api/catalogs/{catalogName}. How the real one refuses a taken name is not known."""
    name = call.path["catalogName"]
    if not _NAME.fullmatch(name):
        raise bad_params(f"Invalid catalog name: {name}")
    if call.project.store.catalogs.get(name) is not None:
        raise bad_params(f"Catalog already exists: {name}")
    created = call.project.store.catalogs.create(name)
    return envelope(params={"id": created.id, "name": name, "url": f"/api/catalogs/{name}"}, status=201)


def list_items(call: Call) -> Response:
    """GET /api/catalogs/{catalogName}/items, by item id or by a field; by a field the largest come first."""
    catalog, catalogs = _get(call), call.project.store.catalogs
    page = asked_page(call, default=10, largest=_LARGEST_PAGE)
    field = call.text("orderBy")
    if field is None:
        items = catalogs.items(catalog, limit=page.size, offset=page.offset)
    else:
        ordered = _ordered(catalogs.items(catalog), field, ascending=call.truth("sortAscending"))
        items = ordered[page.offset : page.offset + page.size]
    total = catalogs.count(catalog)
    links = page.links(call, f"/api/catalogs/{catalog.name}/items", total)
    shown = [_shown(catalog, item) for item in items]
    return envelope(params={"catalogItemsWithProperties": shown, "totalItemsCount": total} | links)


def bulk_create_items(call: Call) -> Response:
    """POST /api/catalogs/{catalogName}/items: whole items, or with `replaceUploadedFieldsOnly` only their fields."""
    catalog, catalogs = _get(call), call.project.store.catalogs
    documents: dict[str, Any] = call.body["documents"]
    _check(documents)
    with call.project.store.database.transaction():
        if call.body.get("replaceUploadedFieldsOnly"):
            documents = {key: (catalogs.value(catalog, key) or {}) | value for key, value in documents.items()}
        catalogs.put(catalog, documents.items(), call.project.clock.now())
    return envelope(f"Request to bulk-upload documents into {catalog.name} processed successfully")


def _check(documents: dict[str, Any]) -> None:
    """Refuse the whole request for any item that breaks a limit: what the real one does is not known."""
    if len(documents) > MAX_CATALOG_ITEMS:
        raise RefusedError(envelope(f"More than {MAX_CATALOG_ITEMS} items", "BatchTooLarge", status=400))
    for item_id, value in documents.items():
        if not _NAME.fullmatch(item_id):
            raise bad_params(f"Invalid item id: {item_id}")
        if not isinstance(value, dict):
            raise bad_params(f"Item {item_id} is not an object")
        if len(to_json(value).encode()) > MAX_CATALOG_ITEM_BYTES:
            raise bad_params(f"Item {item_id} is larger than {MAX_CATALOG_ITEM_BYTES} bytes")
        if _has_period(value):
            raise bad_params(f"Item {item_id} has a field name with a period")


def _has_period(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_has_period, value))
    return isinstance(value, dict) and any("." in name or _has_period(inner) for name, inner in value.items())


def _ordered(items: list[Item], field: str, *, ascending: bool) -> list[Item]:
    """Values of one kind sort among themselves; items without the field come last."""
    present = [item for item in items if field in item.value]
    absent = [item for item in items if field not in item.value]
    return sorted(present, key=lambda item: _rank(item.value[field]), reverse=not ascending) + absent


def _rank(value: Any) -> tuple[int, float, str]:
    if isinstance(value, int | float):
        return 0, float(value), ""
    return 1, 0, value if isinstance(value, str) else to_json(value)


def _get(call: Call) -> Catalog:
    name = call.path["catalogName"]
    catalog = call.project.store.catalogs.get(name)
    if catalog is None:
        raise play_error(404, "NotFound", f"Catalog not found: {name}", "error.catalogs.notFound", [name])
    return catalog


def _shown(catalog: Catalog, item: Item) -> dict[str, Any]:
    return {
        "catalogName": catalog.name,
        "itemId": item.id,
        "lastModified": item.modified_ms,
        "size": item.size,
        "value": item.value,
    }


_BULK_CREATE: Final = object_of(required=("documents",), documents=OBJECT, replaceUploadedFieldsOnly=BOOLEAN)

ENDPOINTS: Final = (
    Endpoint("GET", "/api/catalogs", list_catalogs),
    Endpoint("POST", "/api/catalogs/{catalogName}", create_catalog),
    Endpoint("GET", "/api/catalogs/{catalogName}/items", list_items),
    Endpoint("POST", "/api/catalogs/{catalogName}/items", bulk_create_items, _BULK_CREATE),
)
