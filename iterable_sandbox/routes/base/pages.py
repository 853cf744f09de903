"""Paging: page numbers from 1, and relative links to the previous and next page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from iterable_sandbox.routes.base.call import MAX_LONG, Call

_PAGING = ("page", "pageSize")


@dataclass(frozen=True)
class Page:
    """A page: its number, counted from 1, and its maximum size."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """Number of rows before this page, at most what SQLite takes."""
        return min((self.number - 1) * self.size, MAX_LONG)

    def of(self, found: Sequence[Any]) -> Sequence[Any]:
        """Rows of this page."""
        return found[self.offset : self.offset + self.size]

    def links(self, call: Call, path: str, total: int) -> dict[str, str]:
        """`nextPageUrl` and `previousPageUrl`, if there are such pages. Other query parameters are kept."""
        others = [(name, value) for name, value in call.query.multi_items() if name not in _PAGING]

        def link(number: int) -> str:
            return f"{path}?{urlencode([('page', number), ('pageSize', self.size), *others])}"

        following = {"nextPageUrl": link(self.number + 1)} if self.offset + self.size < total else {}
        preceding = {"previousPageUrl": link(self.number - 1)} if self.number > 1 else {}
        return following | preceding


def requested_page(call: Call, *, default: int, largest: int) -> Page:
    """Page that a request asks for. As far as is known, Iterable clamps sizes beyond the limits."""
    size = call.integer("pageSize")
    number = call.integer("page")
    return Page(max(1, number or 1), default if size is None else max(1, min(size, largest)))


def resource_page(
    call: Call, path: str, plural: str, found: Sequence[dict[str, Any]], show: Callable[[dict[str, Any]], Any]
) -> dict[str, Any]:
    """Body of the answer about campaigns or templates: one page with total and links, or all rows in old projects."""
    unpaginated = call.project.settings.unpaginated and not any(name in call.query for name in _PAGING)
    if unpaginated:
        return {plural: [show(item) for item in found]}
    page = requested_page(call, default=20, largest=1000)
    shown = [show(item) for item in page.of(found)]
    total = {f"total{plural.capitalize()}Count": len(found)}
    return {plural: shown} | page.links(call, path, len(found)) | total


def sorted_as_requested(call: Call, found: list[dict[str, Any]], sortable: Sequence[str]) -> list[dict[str, Any]]:
    """Sort rows by the query parameter `sort`: a field with an optional `+` or `-`; by id if it is not sortable."""
    requested = (call.text("sort") or sortable[0]).strip()
    name = requested.lstrip("+-")
    key = name if name in sortable else sortable[0]
    # Rows that tie or lack the field keep the order of their ids.
    present = [item for item in found if key in item]
    absent = [item for item in found if key not in item]
    present.sort(key=lambda item: item[key], reverse=requested.startswith("-"))
    return absent + present if requested.startswith("-") else present + absent
