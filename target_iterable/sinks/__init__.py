"""One small class per object of Iterable, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from target_iterable.sinks.base import IterableSink
from target_iterable.sinks.catalog_items import CatalogItemsSink
from target_iterable.sinks.events import EventsSink
from target_iterable.sinks.list_members import ListMembersSink
from target_iterable.sinks.users import UsersSink

__all__ = ["SINKS", "IterableSink"]

SINKS: Final[Mapping[str, type[IterableSink]]] = {
    sink.spec.name: sink for sink in (UsersSink, EventsSink, ListMembersSink, CatalogItemsSink)
}
