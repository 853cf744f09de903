"""Lines of an export: one data type in a range of time, with the requested fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from iterable_api.facts.data_types import DATA_TYPES, OTHER_NAMES
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.events import Selection
from iterable_sandbox.wire.json_text import from_own_json, to_json
from iterable_sandbox.wire.responses import bad_params

_NAMES: Final = {
    **{other.lower(): name for other, name in OTHER_NAMES.items()},
    **{data_type.name.lower(): data_type.name for data_type in DATA_TYPES},
}

Lines = Iterator[list[str]]
"""Chunks of lines, without newlines."""


@dataclass(frozen=True)
class Query:
    """Content of one export.

    Attributes:
        selection: data type, range and campaign.
        only: fields to export; empty means all.
        omitted: fields to leave out, also if they are in `only`.
    """

    selection: Selection
    only: frozenset[str] = frozenset()
    omitted: frozenset[str] = frozenset()


def data_type(requested: str) -> str:
    """Find the contract's name of a data type, ignoring case, also by another name that Iterable's client has for it.

    Raises:
        RefusedError: 400 if there is no such data type.
    """
    name = _NAMES.get(requested.lower())
    if name is None:
        raise bad_params(f"Invalid dataTypeName: {requested}")
    return name


def field_names(texts: Iterable[str]) -> frozenset[str]:
    """Split names of fields at commas. A parameter may also be given several times."""
    names = (name.strip() for text in texts for name in text.split(","))
    return frozenset(name for name in names if name)


def json_lines(store: Store, settings: Settings, query: Query) -> Lines:
    """Lines of an export, each a JSON object without nulls."""
    chunks = store.events.lines(query.selection, shuffled=settings.shuffle)
    view = _field_filter(settings, query)
    if view is None:
        return chunks
    return ([to_json(view(from_own_json(line))) for line in lines] for lines in chunks)


def rows(store: Store, settings: Settings, query: Query) -> Iterator[dict[str, Any]]:
    """Rows of an export as objects."""
    view = _field_filter(settings, query) or _unchanged
    chunks = store.events.lines(query.selection, shuffled=settings.shuffle)
    return (view(from_own_json(line)) for lines in chunks for line in lines)


def _field_filter(settings: Settings, query: Query) -> Callable[[dict[str, Any]], dict[str, Any]] | None:
    """Function that selects and flattens the fields of a line; None if lines are exported as they are stored."""
    if not (query.only or query.omitted or settings.flatten_nested):
        return None

    def view(fields: dict[str, Any]) -> dict[str, Any]:
        shown = _flattened(fields) if settings.flatten_nested else fields
        return {
            name: value
            for name, value in shown.items()
            if (not query.only or name in query.only) and name not in query.omitted
        }

    return view


def _unchanged(fields: dict[str, Any]) -> dict[str, Any]:
    return fields


def _flattened(fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= _flattened(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat
