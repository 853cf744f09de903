"""Catalogs, their fields and their items. Their answers are wrapped in `params`; nothing else is."""

from __future__ import annotations

from itertools import count
from typing import Final

from iterable_api.http.api_request import PathParams
from iterable_api.http.client import IterableClient
from tap_iterable.export.json_answers import array_in, object_in, rows_in
from tap_iterable.stream_types.resource_stream import ComposedStream, MetadataStream, RowIterator

CATALOGS: Final = "/api/catalogs"
FIELDS: Final = "/api/catalogs/{catalogName}/fieldMappings"
ITEMS: Final = "/api/catalogs/{catalogName}/items"
PAGE_SIZE: Final = 1000
"""The largest page is not documented; a smaller one than asked for is read just as well."""


def _pages(
    client: IterableClient, path: str, array: str, key: str, path_params: PathParams | None = None
) -> RowIterator:
    for page in count(1):
        params = {"page": page, "pageSize": PAGE_SIZE}
        answer = object_in(client.get_json(path, path_params=path_params, params=params), "params", path)
        yield from rows_in(answer, array, path, key)
        if not answer.get("nextPageUrl"):
            return


def _catalogs(client: IterableClient) -> RowIterator:
    return _pages(client, CATALOGS, "catalogNames", "name")


class CatalogsStream(MetadataStream):
    """Catalogs, by name."""

    name = "catalogs"
    primary_keys = ("name",)
    endpoints = (CATALOGS,)
    cost = "1 request per 1,000 catalogs"

    def rows(self) -> RowIterator:
        """Every catalog."""
        return _catalogs(self.client)


class CatalogFieldMappingsStream(ComposedStream):
    """Fields of every catalog, also those without a type."""

    name = "catalog_field_mappings"
    primary_keys = ("catalogName", "fieldName")
    endpoints = (CATALOGS, FIELDS)
    cost = "1 request per catalog"

    def rows(self) -> RowIterator:
        """Every field of every catalog."""
        for catalog in _catalogs(self.client):
            name = {"catalogName": catalog["name"]}
            answer = object_in(self.client.get_json(FIELDS, path_params=name), "params", FIELDS)
            untyped = dict.fromkeys(array_in(answer, "undefinedFields", FIELDS))
            types = untyped | object_in(answer, "definedMappings", FIELDS)
            yield from ({**name, "fieldName": field, "fieldType": kind} for field, kind in types.items())


class CatalogItemsStream(MetadataStream):
    """Items of every catalog."""

    name = "catalog_items"
    primary_keys = ("catalogName", "itemId")
    is_costly = True
    endpoints = (CATALOGS, ITEMS)
    cost = "1 request per 1,000 items of a catalog"

    def rows(self) -> RowIterator:
        """Every item of every catalog."""
        listed = list(_catalogs(self.client))
        self.announce(len(listed), ITEMS, at_least=True)
        for catalog in listed:
            name = {"catalogName": catalog["name"]}
            for item in _pages(self.client, ITEMS, "catalogItemsWithProperties", "itemId", name):
                yield {**name, **item}
