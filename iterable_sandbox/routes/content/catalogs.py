"""Catalogs and the types of their fields. Only their answers have the data in `params` of the envelope."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.base.pages import requested_page
from iterable_sandbox.store.tables.catalogs import Catalog
from iterable_sandbox.wire.body_schema import OBJECT, STRING, array_of, object_of, violations
from iterable_sandbox.wire.responses import bad_params, envelope, play_error

NAME: Final = re.compile(r"[A-Za-z0-9-]{1,255}")
"""Names of catalogs, and ids of items."""
MAX_PAGE_SIZE: Final = 1000
"""Rows of a page. The documented default is 10; the maximum is not documented."""
_TYPES: Final = frozenset({"boolean", "date", "geo_location", "long", "double", "object", "string"})


def list_catalogs(call: Call) -> Response:
    """GET /api/catalogs."""
    catalogs = call.project.store.catalogs.all()
    page = requested_page(call, default=10, largest=MAX_PAGE_SIZE)
    shown = [{"name": catalog.name} for catalog in page.of(catalogs)]
    total = {"totalCatalogsCount": len(catalogs)}
    return envelope(params={"catalogNames": shown} | total | page.links(call, "/api/catalogs", len(catalogs)))


def create_catalog(call: Call) -> Response:
    """POST /api/catalogs/{catalogName}. Iterable's error for a taken name is not known."""
    name = call.path["catalogName"]
    if not NAME.fullmatch(name):
        raise bad_params(f"Invalid catalog name: {name}")
    if call.project.store.catalogs.get(name) is not None:
        raise bad_params(f"Catalog already exists: {name}")
    created = call.project.store.catalogs.create(name)
    return envelope(params={"id": created.id, "name": name, "url": f"/api/catalogs/{name}"}, status=201)


def delete_catalog(call: Call) -> Response:
    """DELETE /api/catalogs/{catalogName}: also deletes its items and the types of its fields."""
    catalog, store = catalog_of(call), call.project.store
    with store.database.transaction():
        store.fields.drop(catalog.fields_key)
        store.catalogs.delete(catalog)
    return envelope()


def get_mappings(call: Call) -> Response:
    """GET /api/catalogs/{catalogName}/fieldMappings: types, and the fields without a type."""
    catalog, store = catalog_of(call), call.project.store
    defined = store.fields.of(catalog.fields_key)
    undefined = [name for name in store.catalogs.field_names(catalog) if name not in defined]
    return envelope(params={"definedMappings": defined, "undefinedFields": undefined})


def put_mappings(call: Call) -> Response:
    """PUT /api/catalogs/{catalogName}/fieldMappings: sets types. Changing a type is refused."""
    catalog, fields = catalog_of(call), call.project.store.fields
    defined = fields.of(catalog.fields_key)
    requested = dict(_mappings(call.body["mappingsUpdates"]))
    for path, type_ in requested.items():
        if defined.get(path, type_) != type_:
            raise bad_params(f"Field {path} has the type {defined[path]} already")
    fields.add((catalog.fields_key, path, type_) for path, type_ in requested.items())
    return envelope()


def catalog_of(call: Call) -> Catalog:
    """Find the catalog of the path.

    Raises:
        RefusedError: 404 in envelope 2.
    """
    name = call.path["catalogName"]
    catalog = call.project.store.catalogs.get(name)
    if catalog is None:
        raise play_error(404, "NotFound", f"Catalog not found: {name}", "error.catalogs.notFound", [name])
    return catalog


def _mappings(updates: list[dict[str, Any]], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted path, type). Iterable's form of the paths of nested fields is not known."""
    for update in updates:
        # Children have the schema of their parents; a body schema cannot express this recursion.
        if wrong := {one.place: one.problem for one in violations(_MAPPING, update)}:
            raise bad_params(f"Invalid mapping below {prefix}: {wrong}")
        name, type_, children = update["fieldName"], update["fieldType"], update.get("children") or []
        if type_ not in _TYPES or "." in name or (children and type_ != "object"):
            raise bad_params(f"Invalid mapping of field {name}: {type_}")
        yield prefix + name, type_
        yield from _mappings(children, f"{prefix}{name}.")


_MAPPING: Final = object_of(
    required=("fieldName", "fieldType"), fieldName=STRING, fieldType=STRING, children=array_of(OBJECT)
)
_MAPPINGS: Final = object_of(required=("mappingsUpdates",), mappingsUpdates=array_of(_MAPPING))
_CATALOG: Final = "/api/catalogs/{catalogName}"

ENDPOINTS: Final = (
    Endpoint("GET", "/api/catalogs", list_catalogs),
    Endpoint("POST", _CATALOG, create_catalog),
    Endpoint("DELETE", _CATALOG, delete_catalog),
    Endpoint("GET", f"{_CATALOG}/fieldMappings", get_mappings),
    Endpoint("PUT", f"{_CATALOG}/fieldMappings", put_mappings, _MAPPINGS),
)
