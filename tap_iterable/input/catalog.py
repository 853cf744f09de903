"""The input catalog: its form, which other programs and people may have written, and what of it a stream takes.

A catalog decides what is read: streams, columns, and whether a stream goes by its bookmark. The columns that there are,
the key and the field of the bookmark are the stream's own, whatever a catalog of an earlier release or by hand says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from singer_sdk.singerlib import CatalogEntry, Metadata, Schema

FULL_TABLE: Final = "FULL_TABLE"
INCREMENTAL: Final = "INCREMENTAL"


class UnusableCatalogError(Exception):
    """The catalog does not have the form of one."""


class StreamDefinition(NamedTuple):
    """What is the stream's own, and not for catalogs to change."""

    name: str
    keys: tuple[str, ...]
    replication_key: str | None
    schema: Mapping[str, Any]


def read_catalog(catalog: Mapping[str, Any]) -> dict[str, Any]:
    """The catalog in today's form: with the selection in the metadata of each entry.

    Catalogs of the first Singer taps have `selected` in the schema or the entry.

    Raises:
        UnusableCatalogError: if it is not a catalog, or an entry has another form.
    """
    streams = catalog.get("streams")
    if not isinstance(streams, list):
        raise UnusableCatalogError(f"The catalog has no array `streams`. {_REMEDY}")
    return {**catalog, "streams": [_entry(entry, number) for number, entry in enumerate(streams, 1)]}


def adopt(entry: CatalogEntry, own: StreamDefinition) -> Iterator[str]:
    """Put into an entry what is the stream's own; the rest of a sentence for each thing of it that has no effect."""
    selected = entry.metadata.resolve_selection().get((), True)
    yield from _names(entry, own)
    yield from _replication(entry, own)
    yield from _columns(entry, own)
    for name in {*own.keys, own.replication_key} - {None}:
        entry.metadata["properties", str(name)].inclusion = Metadata.InclusionType.AUTOMATIC
    entry.metadata.root.selected = selected


_REMEDY: Final = "It must be what `--discover` writes, with a selection."
_TRUTHS: Final = {"true": True, "false": False}


def _entry(entry: Any, number: int) -> dict[str, Any]:
    if not isinstance(entry, Mapping):
        raise UnusableCatalogError(f"Entry {number} of the catalog is no object. {_REMEDY}")
    name = entry.get("tap_stream_id") or entry.get("stream")
    if not isinstance(name, str):
        raise UnusableCatalogError(f"Entry {number} of the catalog has no `tap_stream_id`. {_REMEDY}")
    schema = _schema(name, _member(name, entry, "schema", {}))
    metadata = {tuple(path): values for path, values in _metadata(name, entry)}
    _take_old_selection(metadata, (), schema, entry)
    for column, described in schema.get("properties", {}).items():
        _take_old_selection(metadata, ("properties", column), described)
    root = metadata.get((), {})
    method = root.get("replication-method") or root.get("forced-replication-method") or entry.get("replication_method")
    items = [{"breadcrumb": [*path], "metadata": values} for path, values in metadata.items()]
    return {**entry, "tap_stream_id": name, "schema": schema, "metadata": items, "replication_method": method}


def _schema(stream: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, of which every part was checked to be one."""
    schema = {name: value for name, value in given.items() if value is not None}
    if not isinstance(schema.get("type", ""), str | list):
        raise UnusableCatalogError(
            f"The catalog's entry of the stream {stream} has a `type` that is no text. {_REMEDY}"
        )
    if "items" in schema:
        schema["items"] = _schema(stream, _member(stream, schema, "items", {}))
    if "properties" in schema:
        properties = _member(stream, schema, "properties", {})
        schema["properties"] = {name: _schema(stream, _member(stream, properties, name, {})) for name in properties}
    return schema


def _member(stream: str, holder: Mapping[str, Any], name: str, default: Any) -> Any:
    """A member that must be of the class of `default`, which stands for null, too."""
    value = holder.get(name)
    if value is None:
        return default
    if not isinstance(value, type(default)):
        raise UnusableCatalogError(
            f"The catalog's entry of the stream {stream} has a `{name}` that is no {_FORMS[type(default)]}. {_REMEDY}"
        )
    return value


_FORMS: Final[Mapping[type, str]] = {dict: "object", list: "array"}


def _metadata(stream: str, entry: Mapping[str, Any]) -> Iterator[tuple[list[str], dict[str, Any]]]:
    for item in _member(stream, entry, "metadata", []):
        path = item.get("breadcrumb") if isinstance(item, Mapping) else None
        if not isinstance(path, list) or not all(isinstance(step, str) for step in path):
            raise UnusableCatalogError(
                f"The catalog's entry of the stream {stream} has metadata without a `breadcrumb` of names. {_REMEDY}"
            )
        values = _member(stream, item, "metadata", {})
        yield path, {**values, **{name: _truth(stream, values[name]) for name in _SELECTIONS if name in values}}


_SELECTIONS: Final = ("selected", "selected-by-default")


def _truth(stream: str, value: Any) -> bool | None:
    """Whether something is selected: `true` or `false`, which may be text, or null."""
    value = _TRUTHS.get(value, value) if isinstance(value, str) else value
    if value is not None and not isinstance(value, bool):
        raise UnusableCatalogError(
            f"The catalog's entry of the stream {stream} has a `selected` that is neither true nor false. {_REMEDY}"
        )
    return value


def _take_old_selection(
    metadata: dict[tuple[str, ...], dict[str, Any]], path: tuple[str, ...], *holders: Mapping[str, Any]
) -> None:
    for holder in holders:
        if isinstance(chosen := holder.get("selected"), bool):
            metadata.setdefault(path, {}).setdefault("selected", chosen)


def _names(entry: CatalogEntry, own: StreamDefinition) -> Iterator[str]:
    if entry.stream not in (None, own.name):
        yield f"is called {entry.stream} in the catalog, and keeps its name: `__alias__` in `stream_maps` can change it"
    others = [keys for keys in (entry.key_properties, entry.metadata.root.table_key_properties) if keys]
    if any(set(keys) != set(own.keys) for keys in others):
        yield (
            f"has another key in the catalog, and keeps {_listed(own.keys)}, by which its rows are told apart: set "
            "`__key_properties__` in `stream_maps` for another key"
        )
    entry.stream = own.name
    entry.key_properties = entry.metadata.root.table_key_properties = [*own.keys]


def _replication(entry: CatalogEntry, own: StreamDefinition) -> Iterator[str]:
    usual = INCREMENTAL if own.replication_key else FULL_TABLE
    if entry.replication_method not in (None, FULL_TABLE, usual):
        yield f"has the replication {entry.replication_method} in the catalog, and is read by {usual}"
        entry.replication_method = None
    wanted = {entry.replication_key, entry.metadata.root.replication_key} - {None, own.replication_key}
    if wanted:
        goes_by = f"goes by `{own.replication_key}`" if own.replication_key else "is read whole each time"
        yield f"is to go by {_listed(sorted(map(str, wanted)))} in the catalog, and {goes_by}"
    entry.replication_key = entry.metadata.root.replication_key = own.replication_key
    entry.metadata.root.forced_replication_method = entry.replication_method


def _columns(entry: CatalogEntry, own: StreamDefinition) -> Iterator[str]:
    """Describe the columns of the stream as the entry does, as far as their values fit that."""
    given = entry.schema.to_dict().get("properties", {})
    columns = own.schema["properties"]
    selected = entry.metadata.resolve_selection()
    if unknown := [name for name in given if name not in columns and selected["properties", name]]:
        yield (
            "has columns in the catalog that the tap does not have, which are left out: fields of the project are in "
            f"`dataFields`, not in {_listed(unknown)}"
        )
    if others := [name for name, column in columns.items() if _is_other(_kinds(given.get(name, {})), _kinds(column))]:
        yield f"has columns of other types in the catalog than their values have, and keeps its own: {_listed(others)}"
    merged = {name: _column(column, given.get(name, {})) for name, column in columns.items()}
    entry.schema = Schema.from_dict({**own.schema, "properties": merged})


def _column(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The column as it is given; one of another type, or of none, as it is."""
    kinds = _kinds(given)
    if not kinds or _is_other(kinds, _kinds(own)):
        return dict(own)
    column = {**given, "type": given["type"] if kinds > _kinds(own) else own["type"]}
    if "items" in own:
        column["items"] = _column(own["items"], given.get("items", {}))
    if not column.get("properties"):
        column.pop("properties", None)  # loaders take an object without columns for nothing
    return column


def _is_other(kinds: set[str], own: set[str]) -> bool:
    """Whether neither type allows all that the other one does."""
    return not (kinds <= own or kinds >= own)


def _kinds(column: Mapping[str, Any]) -> set[str]:
    kinds = column.get("type") or []
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
