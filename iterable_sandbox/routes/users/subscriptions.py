"""Subscribing users to one list, channel or message type. Iterable enables these endpoints on request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.users.user_subscriptions import SOURCE
from iterable_sandbox.rules.identities import RowRefusedError
from iterable_sandbox.rules.single_write_errors import request_error, rows_fail_request
from iterable_sandbox.wire.body_schema import NUMBER, STRING, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope, play_error
from iterable_sandbox.writes import subscriptions, users

Row = Mapping[str, Any]

_GROUPS: Final[Mapping[str, tuple[str, bool]]] = {
    "emaillist": (subscriptions.LIST_IDS, True),
    "messagechannel": (subscriptions.UNSUBSCRIBED_CHANNELS, False),
    "messagetype": (subscriptions.UNSUBSCRIBED_TYPES, False),
}
"""Kind of group -> field of the user's ids, and whether subscribing adds the id to it or removes it."""


def change_many(call: Call) -> Response:
    """PUT: unknown users are skipped, as the answer cannot name them; other failures refuse the request."""
    action = call.text("action") or "subscribe"
    if action not in ("subscribe", "unsubscribe"):
        raise bad_params(f"Invalid action: {action}")
    by_email = [{"email": email} for email in call.body.get("users") or []]
    by_user_id = [{"userId": user_id} for user_id in call.body.get("usersByUserId") or []]
    return _change_all(call, [*by_email, *by_user_id], subscribe=action == "subscribe", skip_unknown=True)


def _change_one(parameter: str, identifier: str, *, subscribe: bool) -> Callable[[Call], Response]:
    """Handler of PATCH, which subscribes the user in the path, or of DELETE, which unsubscribes it."""

    def change(call: Call) -> Response:
        return _change_all(call, [{identifier: call.path[parameter]}], subscribe=subscribe, skip_unknown=False)

    return change


def double_opt_in(call: Call) -> Response:
    """POST /api/subscriptions/subscribeToDoubleOptIn: does not subscribe, as the user confirms by SMS first."""
    _check_enabled(call)
    email, user_id = call.body.get("email"), call.body.get("userId")
    phone = {"phoneNumber": call.body["phoneNumber"]} if call.body.get("phoneNumber") else {}
    try:
        with call.project.store.database.transaction(), rows_fail_request():
            users.upsert(call.project, {"email": email, "userId": user_id}, phone, source=SOURCE, existing_only=True)
    except RefusedError:
        return PlainTextResponse(f"User not found for userId: {user_id} or email: {email}", 400)
    return PlainTextResponse("Request for double opt-in subscription accepted", 202)


def _change_all(call: Call, rows: list[Row], *, subscribe: bool, skip_unknown: bool) -> Response:
    name, adds = _group(call)
    group_id = call.parse_integer("subscriptionGroupId", call.path["subscriptionGroupId"])
    _check_group(call.project, name, group_id)
    with call.project.store.database.transaction():
        for row in rows:
            try:
                _change(call.project, row, name, group_id, add=adds == subscribe)
            except RowRefusedError as error:
                if error.bucket != "notFound" or not skip_unknown:
                    raise request_error(error) from None
    return envelope(code=call.project.settings.subscription_code, status=202)


def _change(project: Project, row: Row, name: str, group_id: int, *, add: bool) -> None:
    existing_only = project.settings.unknown_user_in_subscriptions == "refuse"
    user = users.upsert(project, row, {}, source=SOURCE, existing_only=existing_only)
    ids = subscriptions.current(project, user)
    wanted = {name: _with(ids[name], group_id, present=add)}
    if name == subscriptions.UNSUBSCRIBED_TYPES and _is_opt_in(project, group_id):
        wanted = {subscriptions.SUBSCRIBED_TYPES: _with(ids[subscriptions.SUBSCRIBED_TYPES], group_id, present=not add)}
    subscriptions.change(project, user, wanted, source=SOURCE)


def _with(ids: set[int], one: int, *, present: bool) -> set[int]:
    return ids | {one} if present else ids - {one}


def _group(call: Call) -> tuple[str, bool]:
    _check_enabled(call)
    found = _GROUPS.get(call.path["subscriptionGroup"].lower())
    if found is None:
        raise _endpoint_not_found()
    return found


def _check_enabled(call: Call) -> None:
    if not call.project.settings.subscription_endpoints:
        raise _endpoint_not_found()


def _endpoint_not_found() -> RefusedError:
    return RefusedError(envelope("Endpoint not found", "NotFound", status=404))


def _check_group(project: Project, name: str, group_id: int) -> None:
    """Check that the list, channel or message type exists. Iterable's error is not known."""
    if name == subscriptions.LIST_IDS:
        found = project.store.lists.get(group_id)
        known = found is not None and found.type != "Dynamic"
    elif name == subscriptions.UNSUBSCRIBED_CHANNELS:
        known = any(one["id"] == group_id for one in project.store.resources.all("channel"))
    else:
        known = any(one["id"] == group_id for one in project.store.resources.all("messageType"))
    if not known:
        raise bad_params(f"Invalid subscription group id: {group_id}")


def _is_opt_in(project: Project, type_id: int) -> bool:
    types = project.store.resources.all("messageType")
    return any(one["id"] == type_id and one["subscriptionPolicy"] == "OptIn" for one in types)


def _bad_body(_path: str, wrong: Mapping[str, str]) -> RefusedError:
    """Error for a body that breaks the schema: only this endpoint uses envelope 2 for it."""
    place, problem = next(iter(wrong.items()))
    return play_error(400, "BadRequest", f"{place}: {problem}", "error.json.invalid", [place])


_GROUP: Final = "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}"
_CHANGE_MANY: Final = object_of(users=array_of(STRING), usersByUserId=array_of(STRING))
_DOUBLE_OPT_IN: Final = object_of(
    required=("messageTypeIds",),
    email=STRING,
    userId=STRING,
    messageTypeIds=array_of(NUMBER),
    phoneNumber=STRING,
    brandName=STRING,
)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/subscriptions/subscribeToDoubleOptIn", double_opt_in, _DOUBLE_OPT_IN, _bad_body),
    Endpoint("PUT", _GROUP, change_many, _CHANGE_MANY),
    *(
        Endpoint(method, f"{_GROUP}/{path}/{{{parameter}}}", _change_one(parameter, identifier, subscribe=subscribe))
        for method, subscribe in (("PATCH", True), ("DELETE", False))
        for path, parameter, identifier in (("user", "userEmail", "email"), ("byUserId", "userId", "userId"))
    ),
)
