"""Replacing the subscriptions of users."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import identities
from iterable_sandbox.rules.bulk_result import USER_BUCKETS, BulkResult
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, STRING, array_of, object_of
from iterable_sandbox.wire.responses import envelope, json_answer
from iterable_sandbox.writes import subscriptions, users

Row = dict[str, Any]

SOURCE: Final = "API"


def update(call: Call) -> Response:
    """POST /api/users/updateSubscriptions: each given array replaces the stored one."""
    with call.project.store.database.transaction(), rows_fail_request():
        _overwrite(call.project, call.body)
    return envelope()


def bulk_update(call: Call) -> Response:
    """POST /api/users/bulkUpdateSubscriptions: 200 even if rows fail; well-formed identifiers fail as valid ones."""
    result = BulkResult(USER_BUCKETS)
    with call.project.store.database.transaction():
        result.apply(partial(_overwrite, call.project), call.body["updateSubscriptionsRequests"])
    invalid = {name: result.identifiers_in(name) for name in ("invalidEmails", "invalidUserIds")}
    return json_answer(
        result.counts()
        | invalid
        | {
            "validEmailFailures": _valid_failures(result, "Emails"),
            "validUserIdFailures": _valid_failures(result, "UserIds"),
        }
    )


def _valid_failures(result: BulkResult, kind: str) -> list[str]:
    return [name for bucket in USER_BUCKETS if bucket != "invalid" for name in result.identifiers_in(f"{bucket}{kind}")]


def _overwrite(project: Project, row: Row) -> None:
    wanted = {name: set(row[name]) for name in subscriptions.KINDS if row.get(name) is not None}
    if _is_invalid(project, row, wanted):
        raise identities.read_identity(row).row_error("invalidData")
    existing_only = project.settings.unknown_user_in_subscriptions == "refuse"
    user = users.upsert(project, row, {}, source=SOURCE, existing_only=existing_only)
    attributed = {"campaign": row.get("campaignId"), "template": row.get("templateId")}
    subscriptions.change(project, user, wanted, source=SOURCE, **attributed)


def _is_invalid(project: Project, row: Row, wanted: dict[str, set[int]]) -> bool:
    """Whether a row is refused: opt-in without the feature, a list that is not writable, or misaligned channels."""
    if subscriptions.SUBSCRIBED_TYPES in wanted and not project.settings.opt_in_message_types:
        return True
    found = [project.store.lists.get(list_id) for list_id in wanted.get(subscriptions.LIST_IDS, ())]
    if any(one is None or one.type == "Dynamic" for one in found):
        return True
    return row.get("validateChannelAlignment") is not False and _is_misaligned(project, wanted)


def _is_misaligned(project: Project, wanted: dict[str, set[int]]) -> bool:
    """Whether a row subscribes to a message type and unsubscribes from its channel."""
    chosen, closed = (
        wanted.get(name, set()) for name in (subscriptions.SUBSCRIBED_TYPES, subscriptions.UNSUBSCRIBED_CHANNELS)
    )
    types = project.store.resources.all("messageType") if chosen and closed else []
    return any(one["id"] in chosen and one["channelId"] in closed for one in types)


_ROW: Final = object_of(
    email=STRING,
    userId=STRING,
    emailListIds=array_of(NUMBER),
    unsubscribedChannelIds=array_of(NUMBER),
    unsubscribedMessageTypeIds=array_of(NUMBER),
    subscribedMessageTypeIds=array_of(NUMBER),
    campaignId=NUMBER,
    templateId=NUMBER,
    validateChannelAlignment=BOOLEAN,
)
_BULK: Final = object_of(required=("updateSubscriptionsRequests",), updateSubscriptionsRequests=array_of(_ROW))

ENDPOINTS: Final = (
    Endpoint("POST", "/api/users/updateSubscriptions", update, _ROW),
    Endpoint("POST", "/api/users/bulkUpdateSubscriptions", bulk_update, _BULK),
)
