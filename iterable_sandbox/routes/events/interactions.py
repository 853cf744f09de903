"""Reports of interactions with in-app, push, web push and embedded messages. Each is stored as an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire.body_schema import DECIMAL, NUMBER, OBJECT, STRING, BodySchema, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, envelope
from iterable_sandbox.writes import interactions, users


@dataclass(frozen=True)
class _Report:
    """An endpoint: its path, the data type of its event, and the fields of the report that the event gets."""

    path: str
    type: str
    fields: tuple[str, ...] = ()


_REPORTS: Final = (
    _Report("/api/events/trackInAppOpen", "inAppOpen"),
    _Report("/api/events/trackInAppClick", "inAppClick", ("clickedUrl",)),
    _Report("/api/events/trackInAppClose", "inAppClose", ("clickedUrl", "closeAction", "inboxSessionId")),
    _Report("/api/events/trackInAppDelivery", "inAppDelivery"),
    _Report("/api/events/trackPushOpen", "pushOpen", ("campaignId", "templateId")),
    _Report("/api/events/trackWebPushClick", "webPushClick", ("campaignId", "templateId")),
    _Report("/api/embedded-messaging/events/click", "embeddedClick", ("buttonIdentifier", "targetUrl")),
    _Report("/api/embedded-messaging/events/received", "embeddedReceived"),
)
_KINDS: Final = {"campaignId": NUMBER, "templateId": NUMBER}
_ALWAYS_NEEDED: Final = {"pushOpen": ("messageId", "campaignId")}


def consume(call: Call) -> Response:
    """POST /api/events/inAppConsume: stores an event only if there is a `deleteAction`."""

    def write(project: Project, user: User) -> None:
        if call.body.get("deleteAction") is not None:
            interactions.track(project, user, "inAppDelete", call.body, ("deleteAction",))

    return _write(call, write)


def session(call: Call) -> Response:
    """POST /api/embedded-messaging/events/session: stores an event for the session and one for each impression."""
    return _write(call, lambda project, user: interactions.track_session(project, user, call.body))


def _handler(report: _Report) -> Callable[[Call], Response]:
    def track(call: Call) -> Response:
        more = call.body.get("dataFields") or {}
        row, fields = {**more, **call.body}, (*report.fields, *more)
        return _write(call, lambda project, user: interactions.track(project, user, report.type, row, fields))

    return track


def _write(call: Call, write: Callable[[Project, User], None]) -> Response:
    """Write an event of the user of the report, who must exist. Whether Iterable creates users here is not known.

    The refusal of a report without a user was recorded of opens of pushes (2017).
    """
    if all(call.body.get(name) is None for name in ("email", "userId")):
        params = {name: call.body[name] for name in ("campaignId", "messageId") if name in call.body}
        msg = "Either email or userId must be specified in a track call"
        raise RefusedError(envelope(msg, "BadParams", params, 400))
    with call.project.store.database.transaction(), rows_fail_request():
        write(call.project, users.existing_user(call.project, call.body))
    return envelope()


def _shape(required: tuple[str, ...] = ("messageId",), **fields: BodySchema) -> BodySchema:
    return object_of(
        required=required,
        email=STRING,
        userId=STRING,
        messageId=STRING,
        createdAt=NUMBER,
        deviceInfo=OBJECT,
        messageContext=OBJECT,
        dataFields=OBJECT,
        **fields,
    )


def _endpoint(report: _Report) -> Endpoint:
    fields = {name: _KINDS.get(name, STRING) for name in report.fields}
    shape = _shape(_ALWAYS_NEEDED.get(report.type, ("messageId",)), **fields)
    return Endpoint("POST", report.path, _handler(report), shape)


_IMPRESSION: Final = object_of(
    required=("messageId",), messageId=STRING, placementId=NUMBER, displayCount=NUMBER, displayDuration=DECIMAL
)
_SESSION: Final = _shape((), session=object_of(id=STRING, start=NUMBER, end=NUMBER), impressions=array_of(_IMPRESSION))

ENDPOINTS: Final = (
    Endpoint("POST", "/api/events/inAppConsume", consume, _shape(deleteAction=STRING)),
    Endpoint("POST", "/api/embedded-messaging/events/session", session, _SESSION),
    *map(_endpoint, _REPORTS),
)
