"""Synchronous exports: data.json and data.csv, streamed from the database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

from starlette.responses import Response, StreamingResponse

from iterable_sandbox.exports.formats import CSV, FORMATS, JSON, FormatName, Text, checked_delimiter
from iterable_sandbox.exports.lines import Query, data_type, field_names
from iterable_sandbox.routes.base.call import Call, Endpoint, Window
from iterable_sandbox.store.tables.events import Selection
from iterable_sandbox.wire.responses import bad_params

_DAY: Final = timedelta(days=1)


def export_json(call: Call) -> Response:
    """GET /api/export/data.json: lines of one data type in a half-open range of whole seconds."""
    return _stream(call, JSON)


def export_csv(call: Call) -> Response:
    """GET /api/export/data.csv: the same as CSV, with a column for each field of its rows.

    Headers, and the newline of the last line, are those of a recorded answer.
    """
    return _stream(call, CSV)


def _stream(call: Call, form: FormatName) -> Response:
    name = data_type(call.required_text("dataTypeName"))
    selection = Selection(name, *_window(call), call.integer("campaignId"))
    only, omitted = (field_names(call.query.getlist(parameter)) for parameter in ("onlyFields", "omitFields"))
    project = call.project
    delimiter = checked_delimiter(call.text("delimiter"))
    text = FORMATS[form].render(project.store, project.settings, Query(selection, only, omitted), delimiter)
    old, is_csv = project.settings.old_texts, form == CSV
    body = _body(text, ends_with_newline=project.settings.trailing_newline or old or is_csv)
    if not is_csv:
        return StreamingResponse(body, media_type="text/plain" if old else form)
    file = f"{name}_{project.clock.moment():%Y%m%d%H%M%S}.csv"
    return StreamingResponse(
        body, headers={"Content-Type": form, "Content-Disposition": f'attachment; filename="{file}"'}
    )


async def _body(text: Text, *, ends_with_newline: bool) -> AsyncIterator[str]:
    """Text of the body. The last line has no newline unless `ends_with_newline`."""
    separator = ""
    if text.header is not None:
        yield text.header
        separator = "\n"
    for lines in text.lines:
        if lines:
            yield separator + "\n".join(lines)
            separator = "\n"
    if separator and ends_with_newline:
        yield separator


def _window(call: Call) -> Window:
    """Range of the export: its dates, or else `range`, which is Today by default."""
    window = call.window()
    return _range(call, call.text("range") or "Today") if window == (None, None) else window


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


ENDPOINTS: Final = (
    Endpoint("GET", "/api/export/data.json", export_json),
    Endpoint("GET", "/api/export/data.csv", export_csv),
)
