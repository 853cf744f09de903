"""Changing the e-mail of a user, merging two users, and deleting users."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.identity import ProjectType, is_valid_email, normalise_email
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import identities
from iterable_sandbox.rules.identities import Identity, RowRefusedError
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire import old_texts
from iterable_sandbox.wire.body_schema import STRING, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope, invalid_email
from iterable_sandbox.writes import merging, removal


def update_email(call: Call) -> Response:
    """POST /api/users/updateEmail: in email-based projects only."""
    project = call.project
    if project.settings.project_type is not ProjectType.EMAIL:
        raise bad_params("updateEmail works in email-based projects only; use users/update")
    current = _address(call, "currentEmail")
    new = _address(call, "newEmail")
    current_identity = {"email": current} if current is not None else {"userId": call.body.get("currentUserId")}
    with project.store.database.transaction(), rows_fail_request():
        user = _existing(call, identities.read_identity(current_identity))
        project.user_resolver.refuse_forgotten(new, None)
        if new is None or project.store.users.by_email(new) is not None:
            raise RowRefusedError("conflict", "Emails", new or "")
        merging.rename(project, user, new, user.user_id)
    return envelope()


def merge(call: Call) -> Response:
    """POST /api/users/merge: if the destination is unknown, the source gets its identifier."""
    project = call.project
    with project.store.database.transaction(), rows_fail_request():
        source = _existing(call, identities.read_identity(_side_of_merge(call, "source")))
        destination = identities.read_identity(_side_of_merge(call, "destination"))
        found = project.user_resolver.find(destination)
        if found is None:
            merging.rename(project, source, destination.email or source.email, destination.user_id or source.user_id)
        elif found.id == source.id:
            raise bad_params("Source and destination are the same user")
        else:
            merging.merge(project, source, found, call.body.get("arrayMerge") or [])
    return envelope()


def delete_by_email(call: Call) -> Response:
    """DELETE /api/users/{email}: an unknown e-mail is no error. Not in userId-based projects."""
    project = call.project
    if project.settings.project_type is ProjectType.USER_ID:
        raise bad_params("Users of this project are deleted by userId")
    with project.store.database.transaction(), rows_fail_request():
        user = project.store.users.by_email(identities.checked_email(call.path["email"]))
        if user is not None:
            removal.delete(project, user)
    return envelope()


def delete_by_user_id(call: Call) -> Response:
    """DELETE /api/users/byUserId/{userId}: deletes all users who share it; an unknown userId is an error."""
    user_id = call.path["userId"]
    found = call.project.store.users.sharing(user_id)
    if not found and call.project.settings.old_texts:
        raise old_texts.nobody_to_delete(user_id)
    if not found:
        raise bad_params(f"User does not exist. Email:  UserId: {user_id}")
    with call.project.store.database.transaction():
        for user in found:
            removal.delete(call.project, user)
    return envelope(f"All users associated with {user_id} were successfully deleted")


def _existing(call: Call, identity: Identity) -> User:
    found = call.project.user_resolver.find(identity)
    if found is None:
        raise identity.row_error("notFound")
    return found


def _side_of_merge(call: Call, side: str) -> dict[str, Any]:
    """Identifiers of one side of a merge, of which only one may be given."""
    given = {"email": call.body.get(f"{side}Email"), "userId": call.body.get(f"{side}UserId")}
    if all(given.values()):
        raise bad_params(f"Specify {side}Email or {side}UserId, but not both")
    return given


def _address(call: Call, name: str) -> str | None:
    """E-mail of the body. Here the error for a malformed one names the field too."""
    text = call.body.get(name)
    if text is None:
        return None
    email = normalise_email(text)
    if not is_valid_email(email) and call.project.settings.old_texts:
        raise invalid_email(text)
    if not is_valid_email(email):
        raise RefusedError(envelope(f"Invalid {name} {text}", "InvalidEmailAddressError", status=400))
    return email


_UPDATE_EMAIL: Final = object_of(required=("newEmail",), currentEmail=STRING, currentUserId=STRING, newEmail=STRING)
_MERGE: Final = object_of(
    sourceEmail=STRING,
    sourceUserId=STRING,
    destinationEmail=STRING,
    destinationUserId=STRING,
    arrayMerge=array_of(object_of(required=("field",), field=STRING, dedupeBy=STRING)),
)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/users/updateEmail", update_email, _UPDATE_EMAIL),
    Endpoint("POST", "/api/users/merge", merge, _MERGE),
    Endpoint("DELETE", "/api/users/byUserId/{userId}", delete_by_user_id),
    Endpoint("DELETE", "/api/users/{email}", delete_by_email),
)
