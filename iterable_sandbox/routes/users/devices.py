"""Registration of devices and browsers for push messages. Keys of apps only: a server key is refused."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import identities
from iterable_sandbox.rules.field_types import USER, RequestedFields
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.wire.body_schema import BOOLEAN, OBJECT, STRING, object_of
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope
from iterable_sandbox.writes import devices, users

_PLATFORMS: Final = ("APNS", "APNS_SANDBOX", "GCM")


def register_device(call: Call) -> Response:
    """POST /api/users/registerDeviceToken: creates an unknown user."""
    project, body = call.project, call.body
    if body["device"]["platform"] not in _PLATFORMS:
        raise bad_params(f"Invalid platform: {body['device']['platform']}")
    if not body["device"]["token"]:
        msg = f"Unable to register token to user Some({body.get('email') or body.get('userId')})"
        raise RefusedError(envelope(msg, "GenericError", status=500))
    draft = project.field_draft()
    [device] = draft.admit(RequestedFields(USER, {"devices": [devices.as_profile_field(body["device"])]}, create=True))[
        "devices"
    ]
    draft.check()
    with project.store.database.transaction(), rows_fail_request():
        draft.save()
        devices.register(project, users.upsert(project, body, {}, source="API"), device)
    return envelope()


def register_browser(call: Call) -> Response:
    """POST /api/users/registerBrowserToken: creates an unknown user."""
    project, body = call.project, call.body
    draft = project.field_draft()
    draft.admit(RequestedFields(USER, {"browserTokens": [body["browserToken"]]}, create=True))
    draft.check()
    with project.store.database.transaction(), rows_fail_request():
        draft.save()
        devices.register_browser(project, users.upsert(project, body, {}, source="API"), body["browserToken"])
    return envelope()


def disable_device(call: Call) -> Response:
    """POST /api/users/disableDevice: of one user, or of all users. Here an unknown token is no error."""
    project, token = call.project, call.body["token"]
    with project.store.database.transaction(), rows_fail_request():
        named = any(call.body.get(name) is not None for name in ("email", "userId"))
        holders = project.store.users.with_device(token)
        only = project.user_resolver.find(identities.read_identity(call.body)) if named else None
        for user in holders:
            if not named or (only is not None and only.id == user.id):
                devices.disable(project, user, token)
    return envelope()


_DEVICE: Final = object_of(
    required=("applicationName", "platform", "token"),
    applicationName=STRING,
    platform=STRING,
    token=STRING,
    dataFields=OBJECT,
)
_REGISTER: Final = object_of(required=("device",), email=STRING, userId=STRING, device=_DEVICE, preferUserId=BOOLEAN)
_BROWSER: Final = object_of(required=("browserToken",), email=STRING, userId=STRING, browserToken=STRING)
_DISABLE: Final = object_of(required=("token",), email=STRING, userId=STRING, token=STRING)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/users/registerDeviceToken", register_device, _REGISTER),
    Endpoint("POST", "/api/users/registerBrowserToken", register_browser, _BROWSER),
    Endpoint("POST", "/api/users/disableDevice", disable_device, _DISABLE),
)
