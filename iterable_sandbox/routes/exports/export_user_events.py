"""All events of one user."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.identity import is_valid_email, normalise_email
from iterable_sandbox.exports.formats import JSON
from iterable_sandbox.exports.user_events import user_event_lines
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.wire.responses import bad_params, invalid_email

_CUSTOM: Final = "customEvent"
_SYSTEM: Final = frozenset(data_type.name for data_type in EVENTS) - {_CUSTOM}


def export_user_events(call: Call) -> Response:
    """GET /api/export/userEvents: without custom events by default; an empty body for an unknown user."""
    types = _SYSTEM | {_CUSTOM} if call.boolean("includeCustomEvents") else _SYSTEM
    user = _user(call)
    events = [] if user is None else call.project.store.events.of_user(user.id, types=types)
    end = "\n" if events and call.project.settings.trailing_newline else ""
    return Response("\n".join(user_event_lines(events)) + end, media_type=JSON)


def _user(call: Call) -> User | None:
    """Find the user of the request. As far as is known, the e-mail decides if both identifiers are given."""
    email, user_id = call.text("email"), call.text("userId")
    if email is not None:
        if not is_valid_email(normalise_email(email)):
            raise invalid_email(email)
        return call.project.store.users.by_email(normalise_email(email))
    if user_id is None:
        raise bad_params("Either email or userId must be given")
    return call.project.store.users.by_user_id(user_id)


ENDPOINTS: Final = (Endpoint("GET", "/api/export/userEvents", export_user_events),)
