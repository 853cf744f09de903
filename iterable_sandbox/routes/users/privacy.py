"""Forgetting users, and the hashes of forgotten identifiers."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.rules import identities
from iterable_sandbox.rules.identities import Identity, RowRefusedError
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.tables.forgotten import Kind
from iterable_sandbox.wire.body_schema import STRING, object_of
from iterable_sandbox.wire.responses import bad_params, envelope, json_answer
from iterable_sandbox.writes import removal


def forget(call: Call) -> Response:
    """POST /api/users/forget: a user who is forgotten already is no error."""
    identity = _identity(call)
    with call.project.store.database.transaction(), rows_fail_request():
        try:
            removal.forget(call.project, identity)
        except RowRefusedError as error:
            if error.bucket != "forgotten":
                raise
    return envelope()


def unforget(call: Call) -> Response:
    """POST /api/users/unforget."""
    removal.unforget(call.project, _identity(call))
    return envelope()


def forgotten_emails(call: Call) -> Response:
    """GET /api/users/forgotten: an error in userId-based projects."""
    return json_answer({"hashedEmails": _hashes(call, "email")})


def forgotten_user_ids(call: Call) -> Response:
    """GET /api/users/forgottenUserIds: an error in email-based projects."""
    return json_answer({"hashedUserIds": _hashes(call, "userId")})


def _identity(call: Call) -> Identity:
    """Identity of the request, by identifiers that the project forgets by. Iterable's text otherwise is not known."""
    with rows_fail_request():
        identity = identities.read_identity(call.body)
    given: dict[Kind, str | None] = {"email": identity.email, "userId": identity.user_id}
    for kind, identifier in given.items():
        if identifier is not None:
            _check_kind(call, kind)
    return identity


def _hashes(call: Call, kind: Kind) -> list[str]:
    _check_kind(call, kind)
    return call.project.store.forgotten.hashes(kind)


def _check_kind(call: Call, kind: Kind) -> None:
    project_type = call.project.settings.project_type
    if kind not in removal.FORGETTABLE[project_type]:
        raise bad_params(f"A project of the type {project_type} does not forget users by {kind}")


_USER: Final = object_of(email=STRING, userId=STRING)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/users/forget", forget, _USER),
    Endpoint("POST", "/api/users/unforget", unforget, _USER),
    Endpoint("GET", "/api/users/forgotten", forgotten_emails),
    Endpoint("GET", "/api/users/forgottenUserIds", forgotten_user_ids),
)
