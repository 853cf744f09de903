"""Users: reading one, listing fields, and updating one or many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from iterable_api.facts.identity import is_valid_email, normalise_email
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import profiles
from iterable_sandbox.rules.bulk_result import BulkResult
from iterable_sandbox.rules.field_types import USER, FieldDraft
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire.body_schema import BOOLEAN, OBJECT, STRING, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, envelope, invalid_email, json_answer
from iterable_sandbox.writes import users

USER_ROW: Final = object_of(
    email=STRING, userId=STRING, dataFields=OBJECT, preferUserId=BOOLEAN, mergeNestedObjects=BOOLEAN
)


def by_email_in_path(call: Call) -> Response:
    """GET /api/users/{email}."""
    return _by_email(call, call.path["email"])


def by_email_in_query(call: Call) -> Response:
    """GET /api/users/getByEmail."""
    return _by_email(call, call.required_text("email"))


def by_user_id_in_path(call: Call) -> Response:
    """GET /api/users/byUserId/{userId}."""
    return _by_user_id(call, call.path["userId"])


def by_user_id_in_query(call: Call) -> Response:
    """GET /api/users/byUserId."""
    return _by_user_id(call, call.required_text("userId"))


def get_fields(call: Call) -> Response:
    """GET /api/users/getFields: dotted path -> type; arrays have the type of their items."""
    return json_answer({"fields": call.project.store.fields.of(USER.key)})


def update(call: Call) -> Response:
    """POST /api/users/update: creates or updates a user."""
    project, row = call.project, call.body
    draft = project.field_draft()
    fields = draft.admit(users.requested_fields(row, create=row.get("createNewFields")))
    draft.check()
    with project.store.database.transaction(), rows_fail_request():
        draft.save()
        users.upsert(project, row, fields, source="API")
    return envelope("User successfully created/updated." if project.settings.update_text else "")


def bulk_update(call: Call) -> Response:
    """POST /api/users/bulkUpdate: 200 even if rows fail; by default 400 for the batch if a value has a wrong type."""
    project = call.project
    if not call.body["users"]:
        raise RefusedError(envelope("Emails invalid: ", "InvalidEmailAddressError", status=400))
    existing_only = project.settings.update_only and call.body.get("updateOnly") is True

    def write(row: users.Row, fields: users.Row) -> None:
        users.upsert(project, row, fields, source="API", existing_only=existing_only)

    return bulk_answer(*users.write_rows(project, call.body["users"], write, create=call.body.get("createNewFields")))


def bulk_answer(result: BulkResult, draft: FieldDraft, *, old: bool = False) -> Response:
    """Answer of bulkUpdate, subscribe and unsubscribe; `old` is the form with four fields."""
    head = result.counts() | {
        "invalidEmails": result.failed_identifiers("Emails"),
        "invalidUserIds": result.failed_identifiers("UserIds"),
    }
    if old:
        return json_answer(head)
    no_op: dict[str, list[str]] = {"noOpEmails": [], "noOpUserIds": []}
    return json_answer(head | result.field_changes(draft) | no_op | {"failedUpdates": result.failed_updates()})


def _by_email(call: Call, text: str) -> Response:
    email = normalise_email(text)
    if not is_valid_email(email):
        raise invalid_email(text)
    return _user_response(call.project.store.users.by_email(email))


def _by_user_id(call: Call, user_id: str) -> Response:
    found = call.project.store.users.by_user_id(user_id)
    return _unknown_user(call, user_id) if found is None else _user_response(found)


def _unknown_user(call: Call, user_id: str) -> Response:
    """Answer about a userId that nobody has, as the setting `unknown_user_id` says."""
    answers: dict[str, Callable[[], Response]] = {
        "error": lambda: envelope(
            f"No user exists with userId {user_id}", "error.users.noUserWithIdExists", status=400
        ),
        "text": lambda: PlainTextResponse("No user with that id exists!", 400),
        "empty": lambda: json_answer({}),
        "empty_user": lambda: json_answer({"user": {}}),
    }
    return answers[call.project.settings.unknown_user_id]()


def _user_response(user: User | None) -> Response:
    """Answer with a user; an unknown one is an empty object, not a 404."""
    if user is None:
        return json_answer({})
    named: dict[str, Any] = {"email": user.email, "userId": user.user_id}
    given = {name: value for name, value in named.items() if value is not None}
    return json_answer({"user": given | {"dataFields": profiles.nested(user.profile)}})


UPDATE: Final = object_of(
    email=STRING,
    userId=STRING,
    dataFields=OBJECT,
    preferUserId=BOOLEAN,
    mergeNestedObjects=BOOLEAN,
    createNewFields=BOOLEAN,
)
_BULK_UPDATE: Final = object_of(required=("users",), users=array_of(USER_ROW), createNewFields=BOOLEAN)

ENDPOINTS: Final = (
    Endpoint("GET", "/api/users/getByEmail", by_email_in_query),
    Endpoint("GET", "/api/users/getFields", get_fields),
    Endpoint("GET", "/api/users/byUserId", by_user_id_in_query),
    Endpoint("GET", "/api/users/byUserId/{userId}", by_user_id_in_path),
    Endpoint("GET", "/api/users/{email}", by_email_in_path),
    Endpoint("POST", "/api/users/update", update, UPDATE),
    Endpoint("POST", "/api/users/bulkUpdate", bulk_update, _BULK_UPDATE),
)
