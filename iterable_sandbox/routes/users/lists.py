"""Lists and their members."""

from __future__ import annotations

from random import Random
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from iterable_api.facts.identity import ProjectType
from iterable_sandbox.project.project import Project
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.users.users import USER_ROW, bulk_answer
from iterable_sandbox.rules.bulk_result import USER_BUCKETS, BulkResult
from iterable_sandbox.store.tables.lists import UserList
from iterable_sandbox.wire import old_texts
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, STRING, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope, json_answer
from iterable_sandbox.writes import list_removal, lists, users

_SOURCE: Final = "ListAPI"
_DEFAULT_SAMPLE_USERS: Final = 1000
_MAX_SAMPLE_USERS: Final = 5000


def list_lists(call: Call) -> Response:
    """GET /api/lists: all lists."""
    return json_answer({"lists": [_list_json(found) for found in call.project.store.lists.all()]})


def create_list(call: Call) -> Response:
    """POST /api/lists: creates a list, also if the name is taken."""
    now = call.project.clock.now()
    created = call.project.store.lists.create(call.body["name"], call.body.get("description"), now)
    return json_answer({"listId": created.id})


def delete_list(call: Call) -> Response:
    """DELETE /api/lists/{listId}: 409 if a campaign still uses the list. Iterable's text of it is not known."""
    project, number = call.project, call.parse_integer("listId", call.path["listId"])
    found = project.store.lists.get(number)
    if found is None and project.settings.old_texts:
        raise old_texts.unknown_list_to_delete(project.settings.project_id, number)
    if found is None:
        raise bad_params(f"error.lists.deleteFailed({number})")
    if list_removal.is_in_use(project, found):
        raise RefusedError(envelope(f"error.lists.inUse({number})", "BadParams", status=409))
    list_removal.delete(project, found)
    return envelope(f"List {number} in Project {project.settings.project_id} was successfully deleted.")


def list_users(call: Call) -> Response:
    """GET /api/lists/getUsers: one identifier per line, in a new order each time; an empty body for an empty list."""
    names = _identifiers(call)
    if call.project.settings.shuffle:
        _random(call).shuffle(names)
    return _lines(call, names)


def preview_users(call: Call) -> Response:
    """GET /api/lists/previewUsers: a random sample of members. Sizes beyond the limits are clamped."""
    size = call.integer("size")
    names = _identifiers(call)
    count = max(1, min(_DEFAULT_SAMPLE_USERS if size is None else size, _MAX_SAMPLE_USERS, len(names)))
    return _lines(call, _random(call).sample(names, count) if names else [])


def list_size(call: Call) -> Response:
    """GET /api/lists/{listId}/size: a number as plain text."""
    found = existing_list(call.project, call.parse_integer("listId", call.path["listId"]))
    return PlainTextResponse(str(call.project.store.lists.size(found.id)))


def subscribe(call: Call) -> Response:
    """POST /api/lists/subscribe: creates and updates users, and adds them to the list."""
    project, body = call.project, call.body
    target = _writable(project, body["listId"])
    # Email-based projects ignore this flag.
    respected = project.settings.project_type is not ProjectType.EMAIL
    existing_only = respected and bool(body.get("updateExistingUsersOnly"))

    def write(row: users.Row, fields: users.Row) -> None:
        user = users.upsert(project, row, fields, source=_SOURCE, existing_only=existing_only)
        lists.join(project, user, target, source=_SOURCE)

    return bulk_answer(
        *users.write_rows(project, body["subscribers"], write, create=None), old=project.settings.old_list_answers
    )


def unsubscribe(call: Call) -> Response:
    """POST /api/lists/unsubscribe: a user who is not on the list counts as success; an unknown user fails."""
    project, body = call.project, call.body
    target = _writable(project, body["listId"])
    channels = _marketing_channels(project) if body.get("channelUnsubscribe") else []
    campaign = body.get("campaignId")
    result = BulkResult(USER_BUCKETS)

    def write(row: users.Row) -> None:
        user = users.existing_user(project, row)
        lists.leave(project, user, target, source=_SOURCE, channels=channels, campaign=campaign)

    with project.store.database.transaction():
        result.apply(write, body["subscribers"])
    return bulk_answer(result, project.field_draft(), old=project.settings.old_list_answers)


def _identifiers(call: Call) -> list[str]:
    """Members by the identifier of the project type; hybrid projects choose. Without that one, by the other one."""
    project = call.project
    found = existing_list(project, call.parse_integer("listId", call.required_text("listId")))
    by_user_id = {
        ProjectType.EMAIL: False,
        ProjectType.USER_ID: True,
        ProjectType.HYBRID: call.boolean("preferUserId"),
    }[project.settings.project_type]
    members = project.store.lists.members(found.id)
    names = ((user_id or email) if by_user_id else (email or user_id) for email, user_id in members)
    return [name for name in names if name is not None]


def _random(call: Call) -> Random:
    """Random numbers with a new seed for each request."""
    return Random(call.project.next_shuffle())  # noqa: S311 (an order, not a secret)


def _lines(call: Call, names: list[str]) -> Response:
    end = "\n\n" if call.project.settings.blank_lines else "\n"
    return PlainTextResponse("".join(f"{name}{end}" for name in names))


def _marketing_channels(project: Project) -> list[int]:
    """Channel of a list. The API does not show it; here it is the first marketing channel for e-mail."""
    channels = project.store.resources.all("channel")
    found = [c["id"] for c in channels if (c["messageMedium"], c["channelType"]) == ("Email", "Marketing")]
    return found[:1]


def existing_list(project: Project, list_id: int) -> UserList:
    """Find a list by id.

    Raises:
        RefusedError: 400 with the code Success, as Iterable answers.
    """
    found = project.store.lists.get(list_id)
    if found is None and project.settings.old_texts:
        raise old_texts.unknown_list(project.settings.project_id, list_id)
    if found is None:
        params = {"projectId": project.settings.project_id, "listId": list_id}
        raise RefusedError(envelope(f"error.lists.invalidListId({list_id})", params=params, status=400))
    return found


def _writable(project: Project, list_id: int) -> UserList:
    """Find a list whose members may be written. Iterable's error for a dynamic list is not known."""
    found = existing_list(project, list_id)
    if found.type == "Dynamic":
        raise bad_params(f"error.lists.dynamicList({list_id})")
    return found


def _list_json(found: UserList) -> dict[str, Any]:
    described = {} if found.description is None else {"description": found.description}
    suppression = {"isGlobalSuppressionEnabled": False} if found.type == "Suppression" else {}
    head = {"id": found.id, "name": found.name}
    return head | described | {"createdAt": found.created_ms, "listType": found.type} | suppression


_SUBSCRIBE: Final = object_of(
    required=("listId", "subscribers"),
    listId=NUMBER,
    subscribers=array_of(USER_ROW),
    updateExistingUsersOnly=BOOLEAN,
)
_UNSUBSCRIBE: Final = object_of(
    required=("listId", "subscribers"),
    listId=NUMBER,
    subscribers=array_of(object_of(email=STRING, userId=STRING)),
    campaignId=NUMBER,
    channelUnsubscribe=BOOLEAN,
)

ENDPOINTS: Final = (
    Endpoint("GET", "/api/lists", list_lists),
    Endpoint("POST", "/api/lists", create_list, object_of(required=("name",), name=STRING, description=STRING)),
    Endpoint("GET", "/api/lists/getUsers", list_users),
    Endpoint("GET", "/api/lists/previewUsers", preview_users),
    Endpoint("POST", "/api/lists/subscribe", subscribe, _SUBSCRIBE),
    Endpoint("POST", "/api/lists/unsubscribe", unsubscribe, _UNSUBSCRIBE),
    Endpoint("GET", "/api/lists/{listId}/size", list_size),
    Endpoint("DELETE", "/api/lists/{listId}", delete_list),
)
