"""Forms for clock and faults. They ask what the control API is asked, so that the same is refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from inspect import getdoc
from typing import Any, Final, get_args

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from iterable_sandbox.control import steering
from iterable_sandbox.faults import PlannedFault
from iterable_sandbox.faults.kinds import AnyFault
from iterable_sandbox.page.rendering import PREFIX, render
from iterable_sandbox.page.table import Cell, Table, read_form
from iterable_sandbox.project.project import Project

PATH: Final = f"{PREFIX}/controls"
_CLASSES: Final = get_args(get_args(AnyFault)[0])
_KINDS: Final = [(kind.fault, (getdoc(kind) or "").partition("\n")[0]) for kind in _CLASSES]
_UNITS: Final = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
_TEXTS: Final = ("fault", "route", "content_type")
_COMMON: Final = ("fault", "route", "where", "times", "every")
_OPTIONS: Final = {
    name: ", ".join(kind.fault for kind in _CLASSES if name in kind.__dataclass_fields__)
    for name in dict.fromkeys(one.name for kind in _CLASSES for one in fields(kind))
    if name not in _COMMON
}
"""Option -> the faults that have it."""


def controls(project: Project, request: Request, _body: bytes) -> Response:
    """GET /_page/controls: the forms, and the faults."""
    return _page(project, request)


def change_clock(project: Project, request: Request, body: bytes) -> Response:
    """POST /_page/clock: `advance` with its `unit`, or `set`."""
    return _done(project, request, body, lambda form: steering.set_clock(project, request, _clock_change(form)))


def add_fault(project: Project, request: Request, body: bytes) -> Response:
    """POST /_page/faults: a fault, with the options that are filled in."""
    return _done(project, request, body, lambda form: steering.add_fault(project, request, _fault(form)))


def clear_faults(project: Project, request: Request, body: bytes) -> Response:
    """POST /_page/faults/clear: no faults."""
    return _done(project, request, body, lambda _: steering.clear_faults(project, request, b""))


def _done(project: Project, request: Request, body: bytes, change: Callable[[dict[str, str]], Response]) -> Response:
    """The forms again after a change, or with what was wrong."""
    form: dict[str, str] = {}
    try:
        form = read_form(body)
        change(form)
    except ValueError as problem:
        return _page(project, request, form, str(problem))
    return RedirectResponse(PATH, 303)


def _page(project: Project, request: Request, form: Mapping[str, str] | None = None, problem: str = "") -> Response:
    return render(
        project,
        request,
        "controls.html",
        "controls",
        status=400 if problem else 200,
        form=form or {},
        problem=problem,
        kinds=_KINDS,
        units=list(_UNITS),
        options=_OPTIONS,
        faults=Table(
            "faults",
            "Faults, the oldest first",
            ("Fault", "Route", "#Matching requests", "#Struck", "#Of", "All"),
            [_row(planned) for planned in project.faults.all()],
            empty="There are none: every request is served.",
        ),
    )


def _row(planned: PlannedFault) -> list[Cell]:
    shown = planned.as_json()
    times = "all" if shown["times"] is None else str(shown["times"])
    counts = (Cell(str(planned.seen)), Cell(str(planned.struck)), Cell(times))
    return [Cell(shown["fault"]), Cell(shown["route"]), *counts, Cell(f"{len(shown)} fields", value=shown)]


def _clock_change(form: Mapping[str, str]) -> bytes:
    change: dict[str, Any] = {}
    if "advance" in form:
        amount = _value(form["advance"])
        is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
        change["advance"] = amount * _UNITS.get(form.get("unit", ""), 1) if is_number else amount
    if "set" in form:
        change["set"] = form["set"]
    return json.dumps(change).encode()


def _fault(form: Mapping[str, str]) -> bytes:
    names = {name for name in (*_COMMON, *_OPTIONS) if name in form}
    fault: dict[str, Any] = {name: form[name] if name in _TEXTS else _value(form[name]) for name in names}
    if fault.get("times") == "all":
        fault["times"] = None
    return json.dumps(fault).encode()


def _value(text: str) -> Any:
    """What a field holds: a JSON value, such as a number, or else the text."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
