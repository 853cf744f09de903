"""Exports: lines of JSON, streamed as they are read."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from iterable_api.data_types import DATA_TYPES
from iterable_sandbox.envelopes import bad_params
from iterable_sandbox.json_text import to_json
from iterable_sandbox.routes.call import Call, Endpoint
from iterable_sandbox.store.events import Selection

_NAMES: Final = {data_type.name.lower(): data_type.name for data_type in DATA_TYPES}
_DAY: Final = timedelta(days=1)

Window = tuple[int | None, int | None]
View = Callable[[str], str]


def export_json(call: Call) -> Response:
    """GET /api/export/data.json: the lines of one data type in a half-open range of whole seconds."""
    asked = call.needed("dataTypeName")
    name = _NAMES.get(asked.lower())
    if name is None:
        raise bad_params(f"Invalid dataTypeName: {asked}")
    start, end = _window(call)
    selection = Selection(name, start, end, call.integer("campaignId"))
    settings = call.project.settings
    chunks = call.project.store.events.lines(selection, shuffled=settings.shuffle)
    stream = _body(chunks, _view(call), ends_with_newline=settings.trailing_newline)
    return StreamingResponse(stream, media_type="application/x-json-stream")


async def _body(chunks: Iterator[list[str]], view: View | None, *, ends_with_newline: bool) -> AsyncIterator[str]:
    """Newlines stand between lines; after the last one there is usually none."""
    separator = ""
    for lines in chunks:
        if lines:
            yield separator + "\n".join(lines if view is None else map(view, lines))
            separator = "\n"
    if separator and ends_with_newline:
        yield separator


def _window(call: Call) -> Window:
    """Dates outrank `range`, which is Today where nothing else is said."""
    start, end = call.moment("startDateTime"), call.moment("endDateTime")
    if start is None and end is None:
        return _range(call, call.text("range") or "Today")
    return (
        None if start is None else int(start.timestamp()),
        None if end is None else int(end.timestamp()),
    )


def _range(call: Call, name: str) -> Window:
    midnight = call.project.clock.moment().replace(hour=0, minute=0, second=0)
    today, yesterday = int(midnight.timestamp()), int((midnight - _DAY).timestamp())
    ranges: dict[str, Window] = {
        "Today": (today, None),
        "Yesterday": (yesterday, today),
        "BeforeToday": (None, today),
        "All": (None, None),
    }
    if name not in ranges:
        raise bad_params(f"Invalid range: {name}")
    return ranges[name]


def _view(call: Call) -> View | None:
    """What happens to each line, or None if lines go out as they are stored."""
    only, omitted = _names(call, "onlyFields"), _names(call, "omitFields")
    flatten = call.project.settings.flatten_nested
    if not (only or omitted or flatten):
        return None

    def view(line: str) -> str:
        fields = json.loads(line)
        shown = _flat(fields) if flatten else fields
        return to_json(
            {name: value for name, value in shown.items() if (not only or name in only) and name not in omitted}
        )

    return view


def _names(call: Call, parameter: str) -> frozenset[str]:
    """Field names, given as a list with commas, as a repeated parameter, or both."""
    names = (name.strip() for value in call.query.getlist(parameter) for name in value.split(","))
    return frozenset(name for name in names if name)


def _flat(fields: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


ENDPOINTS: Final = (Endpoint("GET", "/api/export/data.json", export_json),)
