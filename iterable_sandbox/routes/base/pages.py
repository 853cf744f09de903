"""Paging: page numbers from 1, and relative links to the neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from iterable_sandbox.routes.base.call import MAX_LONG, Call

_PAGING = ("page", "pageSize")


@dataclass(frozen=True)
class Page:
    """One page: its number, and how many it holds at most."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many come before it; SQLite counts no further than a long does."""
        return min((self.number - 1) * self.size, MAX_LONG)

    def of(self, found: Sequence[Any]) -> Sequence[Any]:
        """What is on it."""
        return found[self.offset : self.offset + self.size]

    def links(self, call: Call, path: str, total: int) -> dict[str, str]:
        """`nextPageUrl` and `previousPageUrl`, where there is such a page. Other parameters are carried along."""
        others = [(name, value) for name, value in call.query.multi_items() if name not in _PAGING]

        def link(number: int) -> str:
            return f"{path}?{urlencode([('page', number), ('pageSize', self.size), *others])}"

        following = {"nextPageUrl": link(self.number + 1)} if self.offset + self.size < total else {}
        preceding = {"previousPageUrl": link(self.number - 1)} if self.number > 1 else {}
        return following | preceding


def requested_page(call: Call, *, default: int, largest: int) -> Page:
    """The page that was asked for. Sizes beyond the limits are brought within them, as far as is known."""
    size = call.integer("pageSize")
    number = call.integer("page")
    return Page(max(1, number or 1), default if size is None else max(1, min(size, largest)))


def resource_page(
    call: Call, path: str, plural: str, found: Sequence[dict[str, Any]], show: Callable[[dict[str, Any]], Any]
) -> dict[str, Any]:
    """The answer of campaigns and templates: one page with total and links, or everything in old projects."""
    unpaginated = call.project.settings.unpaginated and not any(name in call.query for name in _PAGING)
    if unpaginated:
        return {plural: [show(item) for item in found]}
    page = requested_page(call, default=20, largest=1000)
    shown = [show(item) for item in page.of(found)]
    total = {f"total{plural.capitalize()}Count": len(found)}
    return {plural: shown} | page.links(call, path, len(found)) | total


def sorted_as_requested(call: Call, found: list[dict[str, Any]], sortable: Sequence[str]) -> list[dict[str, Any]]:
    """Sorted by `sort`: a field with an optional `+` or `-` before it. Fields that may not be sorted by sort by id."""
    asked = (call.text("sort") or sortable[0]).strip()
    name = asked.lstrip("+-")
    key = name if name in sortable else sortable[0]
    # Ties and absent values keep the order of ids.
    present = [item for item in found if key in item]
    absent = [item for item in found if key not in item]
    present.sort(key=lambda item: item[key], reverse=asked.startswith("-"))
    return absent + present if asked.startswith("-") else present + absent
