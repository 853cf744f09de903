"""Loading export files into a project: NDJSON, one line per user or event."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from pydantic import TypeAdapter

from iterable_api.facts import timestamps
from iterable_api.facts.data_types import DATA_TYPES
from iterable_api.facts.identity import normalise_email
from iterable_sandbox.rules.field_types import USER, FieldDraft, RequestedFields, custom_event
from iterable_sandbox.rules.profiles import touch, writable
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.events import Event
from iterable_sandbox.wire import dates, typed_json
from iterable_sandbox.wire.clock import Clock

_OBJECT: Final = TypeAdapter(dict[str, Any])
_WITH_EVENT_ID: Final = ("customEvent", "purchase")

Fields = dict[str, Any]


def load(store: Store, data_type: str, lines: Iterable[bytes], clock: Clock | None = None) -> int:
    """Store all lines of an export file in one transaction, and return their number. Blank lines are skipped.

    A user line replaces the stored user. Load users before events: an event finds its user by e-mail or userId.

    Args:
        store: the project.
        data_type: export data type of all lines.
        lines: one JSON object each.
        clock: what tells the time of lines that have none, as those that were written by hand; None refuses them.

    Raises:
        ValueError: a line cannot be read; the message gives its number.
    """
    draft, loaded = FieldDraft(store, Settings(project_type=store.project_type())), 0
    with store.database.transaction():
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                _save(store, draft, data_type, _object(line), clock)
            except ValueError as problem:
                raise ValueError(f"line {number}: {problem}") from None
            loaded += 1
        draft.save()
    return loaded


def data_type_names() -> list[str]:
    """Names of the data types that can be loaded."""
    return [data_type.name for data_type in DATA_TYPES]


def _object(line: bytes) -> Fields:
    given = typed_json.read(_OBJECT, line)
    return {name: value for name, value in given.items() if value is not None}


def _save(store: Store, draft: FieldDraft, data_type: str, line: Fields, clock: Clock | None) -> None:
    if data_type == "user":
        draft.admit(RequestedFields(USER, writable(line), create=True))
        _save_user(store, line, clock)
        return
    if data_type == "customEvent":
        draft.admit(RequestedFields(custom_event(str(line.get("eventName"))), writable(line), create=True))
    if clock is not None:
        line.setdefault("createdAt", dates.export_form(clock.seconds()))
    _save_event(store, data_type, line)


def _save_user(store: Store, line: Fields, clock: Clock | None) -> None:
    email, user_id = _identifiers(line)
    if email is None and user_id is None:
        raise ValueError("the user has neither email nor userId")
    user = _existing_user(store, email, user_id) or User(email, user_id, 0)
    user.email, user.user_id, user.profile = email, user_id, line
    if clock is not None and "profileUpdatedAt" not in line:
        touch(user, clock, store.project_type(), signup_source="API")
    user.updated_at = _seconds(line, "profileUpdatedAt")
    store.users.save(user)
    lists = line.get("emailListIds") or line.get("userListIds") or ()
    store.lists.join((number, user.id) for number in lists)


def _save_event(store: Store, data_type: str, line: Fields) -> None:
    event_id = line.get("id") if data_type in _WITH_EVENT_ID else None
    user = _existing_user(store, *_identifiers(line))
    owner = 0 if user is None else user.id
    store.events.save(Event(data_type, _seconds(line, "createdAt"), owner, line, event_id))


def _existing_user(store: Store, email: str | None, user_id: str | None) -> User | None:
    found = None if email is None else store.users.by_email(email)
    return found or (None if user_id is None else store.users.by_user_id(user_id))


def _identifiers(line: Fields) -> tuple[str | None, str | None]:
    email, user_id = line.get("email"), line.get("userId")
    for name, value in (("email", email), ("userId", user_id)):
        if not isinstance(value, str | None):
            raise ValueError(f"{name} is no text")  # noqa: TRY004 (the line is wrong, not the call)
    return None if email is None else normalise_email(email), user_id


def _seconds(line: Fields, name: str) -> int:
    moment = timestamps.parse(str(line.get(name, "")))
    if moment is None:
        raise ValueError(f"{name} is missing or no timestamp")
    return int(moment.timestamp())
