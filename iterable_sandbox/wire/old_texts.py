"""Refusals in the words of recordings from 2017 to 2022, for which newer words are known; see the setting `old_texts`.

Iterable has changed them since, at an unknown time. A client that goes by texts should know both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from starlette.responses import PlainTextResponse

from iterable_sandbox.wire.body_schema import Violation
from iterable_sandbox.wire.json_text import to_json
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope

_ABSENT: Final = "error.path.missing"
_SECRET_HEADERS: Final = frozenset({"api-key", "api_key", "authorization"})
"""Headers that recorded answers do not repeat, though clients have sent them."""


def unknown_list(project_id: int, number: int) -> RefusedError:
    """400 for the id of no list, where its members are read or written (2017)."""
    params = {"projectId": str(project_id), "listId": str(number)}
    return RefusedError(envelope("Invalid email list id", "BadParams", params, 400))


def unknown_list_to_delete(project_id: int, number: int) -> RefusedError:
    """400 for the id of no list, where it is to be deleted (2017)."""
    return bad_params(f"Unable to delete list {number} in Project {project_id}, which does not exist.")


def nobody_to_delete(user_id: str) -> RefusedError:
    """400 for a userId that nobody has (2017)."""
    return bad_params(f"No users with userId {user_id} exist")


def too_many_requests(path: str, project_id: int, per_minute: float) -> RefusedError:
    """429 of an export (2017), which tells the limit."""
    msg = f"Exceeded rate limit of {per_minute} per minute for endpoint: {path}, project: {project_id} "
    return RefusedError(envelope(msg, "RateLimitExceeded", {}, 429))


def bad_json_body(
    path: str, body: bytes, headers: Iterable[tuple[str, str]], violations: Iterable[Violation]
) -> RefusedError:
    """400 for a body that breaks its schema (November 2022). Its text has the whole request, but for the key."""
    told = ", ".join(f"({name.title()},{value})" for name, value in headers if name.lower() not in _SECRET_HEADERS)
    msg = f"[{path}] body: {body.decode('utf-8', 'replace')}, hdrs: List({told})"
    params = {one.place: [{"msg": _ABSENT if one.is_absent else [_expected(one)], "args": []}] for one in violations}
    return RefusedError(envelope(msg, "BadJsonBody", params, 400))


def bad_metadata(body: bytes, violations: Iterable[Violation]) -> RefusedError:
    """400 in plain text for metadata that breaks its schema (2017)."""
    wrong = {one.place: [{"msg": _ABSENT if one.is_absent else _expected(one), "args": []}] for one in violations}
    return RefusedError(PlainTextResponse(f"Json error: {to_json(wrong)}\n {body.decode('utf-8', 'replace')}", 400))


def _expected(violation: Violation) -> str:
    """The problem in the words of the library that read bodies then."""
    return f"error.expected.js{'number' if violation.kind == 'decimal' else violation.kind}"
