"""Export jobs: starting, watching and cancelling them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.export_jobs import jobs
from iterable_sandbox.exports.formats import FORMATS, FormatName, checked_delimiter
from iterable_sandbox.exports.job import STATES, Job
from iterable_sandbox.exports.lines import Query, data_type, field_names
from iterable_sandbox.exports.signing import signed
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.exports.export_files import path_of
from iterable_sandbox.store.tables.events import Selection
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.body_schema import NUMBER, STRING, object_of
from iterable_sandbox.wire.responses import bad_params, envelope, json_answer

_NAMES_PER_PAGE: Final = 10
_STATES_OF_FILTER: Final = {"": STATES, "queued": ("enqueued",)} | {state: (state,) for state in STATES}
"""Value of `jobState` -> states. A client published by Iterable says `queued` for enqueued jobs."""


def start_export(call: Call) -> Response:
    """POST /api/export/start: creates a job. There is no `range` here, and the range may be unbounded."""
    body = call.body
    selection = Selection(
        data_type(body["dataTypeName"]),
        _bound(body, "startDateTime"),
        _bound(body, "endDateTime"),
        body.get("campaignId"),
    )
    only, omitted = (field_names([body.get(name) or ""]) for name in ("onlyFields", "omitFields"))
    delimiter = checked_delimiter(body.get("delimiter"))
    job = jobs.start(call.project, Query(selection, only, omitted), _format(body["outputFormat"]), delimiter)
    return json_answer({"jobId": job.id})


def list_files(call: Call) -> Response:
    """GET /api/export/{jobId}/files: state, and the next files after `startAfter` with new URLs."""
    job = jobs.get(call.project, call.parse_integer("jobId", call.path["jobId"]))
    jobs.poll(call.project)
    after = call.text("startAfter") or ""
    names = [name for name in job.visible_files if name > after][:_NAMES_PER_PAGE]
    head = {"exportTruncated": job.truncated, "jobId": job.id, "jobState": job.state}
    return json_answer(head | {"files": [{"file": name, "url": _url(call, job, name)} for name in names]})


def list_jobs(call: Call) -> Response:
    """GET /api/export/jobs: all jobs, or those in one state, the latest first."""
    jobs.poll(call.project)
    requested = call.text("jobState") or ""
    states = _STATES_OF_FILTER.get(requested.lower())
    if states is None:
        raise bad_params(f"Invalid jobState: {requested}")
    hidden = call.project.settings.cancelled_jobs == "hidden"
    shown = [state for state in states if not (hidden and state == "cancelled")]
    found = [job for job in call.project.export_jobs.values() if job.state in shown]
    return json_answer({"jobs": [_job_json(job) for job in reversed(found)]})


def cancel_export(call: Call) -> Response:
    """DELETE /api/export/{jobId}."""
    jobs.cancel(call.project, jobs.get(call.project, call.parse_integer("jobId", call.path["jobId"])))
    return envelope()


def _format(requested: str) -> FormatName:
    for name in FORMATS:
        if name == requested:
            return name
    raise bad_params(f"Invalid outputFormat: {requested}")


def _bound(body: dict[str, Any], name: str) -> int | None:
    """Date of the body in epoch seconds. Iterable's error for an invalid one is not known here."""
    try:
        return None if body.get(name) is None else int(dates.request_parameter(body[name]).timestamp())
    except ValueError as problem:
        raise bad_params(f"{name}: {problem}") from None


def _url(call: Call, job: Job, name: str) -> str:
    project = call.project
    seconds = project.settings.export_url_seconds
    return call.origin + signed(project.signing_key, path_of(job.id, name), project.clock.moment(), seconds)


def _job_json(job: Job) -> dict[str, Any]:
    head = {"id": job.id, "dataTypeName": job.query.selection.type, "jobState": job.state}
    ended = {} if job.ended is None else {"endTime": _moment(job.ended)}
    return head | {"scheduledStartTime": _moment(job.scheduled)} | ended | {"bytesExported": job.bytes}


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds")


_START: Final = object_of(
    required=("dataTypeName", "outputFormat"),
    dataTypeName=STRING,
    outputFormat=STRING,
    startDateTime=STRING,
    endDateTime=STRING,
    onlyFields=STRING,
    omitFields=STRING,
    campaignId=NUMBER,
    delimiter=STRING,
)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/export/start", start_export, _START),
    Endpoint("GET", "/api/export/jobs", list_jobs),
    Endpoint("GET", "/api/export/{jobId}/files", list_files),
    Endpoint("DELETE", "/api/export/{jobId}", cancel_export),
)
