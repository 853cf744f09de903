"""Sending messages to one user, to lists and through journeys, and cancelling scheduled messages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.project.project import Project
from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.users.lists import existing_list
from iterable_sandbox.rules import identities
from iterable_sandbox.rules.journeys import Visit
from iterable_sandbox.rules.single_write_errors import rows_fail_request
from iterable_sandbox.store.cache.user import User
from iterable_sandbox.store.tables.scheduled import Scheduled
from iterable_sandbox.wire import dates
from iterable_sandbox.wire.body_schema import BOOLEAN, NUMBER, OBJECT, STRING, array_of, object_of
from iterable_sandbox.wire.responses import RefusedError, bad_params, envelope
from iterable_sandbox.writes import events, sends, users

_MAX_AHEAD: Final = timedelta(days=365)
_RUNNING: Final = "Running"

_MEDIA: Final = {
    "email": "Email",
    "push": "Push",
    "sms": "SMS",
    "inApp": "InApp",
    "webPush": "WebPush",
    "whatsApp": "WhatsApp",
}
"""Medium in the path -> medium of the campaign."""
_BY_PHONE: Final = ("SMS", "WhatsApp")
"""Media whose recipients may be named by phone number."""


def _target_handler(medium: str) -> Callable[[Call], Response]:
    def target(call: Call) -> Response:
        project, body = call.project, call.body
        campaign = _campaign(project, body["campaignId"], medium)
        due_ms = _send_at(call)
        named = {"email": body.get("recipientEmail"), "userId": body.get("recipientUserId")}
        with project.store.database.transaction(), rows_fail_request():
            user = _by_phone(project, medium, body) or users.existing_user(project, named)
            if due_ms is not None and due_ms > project.clock.now():
                return _schedule(project, Scheduled(campaign["id"], user.id, due_ms, body), _name(user))
            sends.send(project, user, campaign, body)
        return envelope(f"Campaign {campaign['id']} - Sent triggered message to: {_name(user)}")

    return target


def _name(user: User) -> str | None:
    """What answers call a user: the address, also if the request has the userId."""
    return user.email or user.user_id


def _by_phone(project: Project, medium: str, body: dict[str, Any]) -> User | None:
    """Find the recipient by phone number, in projects that take it and if there is no other identifier."""
    others = (body.get("recipientEmail"), body.get("recipientUserId"))
    phone = body.get("recipientPhone")
    if phone is None or others != (None, None) or medium not in _BY_PHONE or not project.settings.recipient_phones:
        return None
    found = project.store.users.with_phone(phone)
    if found is None:
        raise bad_params("No user has this phone number")
    return found


def _cancel_handler(medium: str) -> Callable[[Call], Response]:
    def cancel(call: Call) -> Response:
        """Cancel scheduled messages. Of the texts if there are none, only that for an address is known."""
        project = call.project
        with project.store.database.transaction(), rows_fail_request():
            found = [message for message in _messages_to_cancel(call) if _medium(project, message) == medium]
            for message in found:
                project.store.schedule.remove(message.id)
        if not found:
            raise bad_params(f"No scheduled messages found- Invalid {_named_by(call)}")
        ids = ",".join(str(message.id) for message in found)
        return envelope(
            f"Successfully cancelled scheduled messages with scheduledMessageId: {ids} "
            f"from project: {project.settings.project_id}"
        )

    return cancel


def _named_by(call: Call) -> str:
    if call.body.get("scheduledMessageId") is not None:
        return "scheduledMessageId"
    return f"{'userId' if call.body.get('email') is None else 'email'} and campaignId combination"


def trigger_campaign(call: Call) -> Response:
    """POST /api/campaigns/trigger: sends once to each member of the lists who is on no suppression list."""
    project, body = call.project, call.body
    campaign = _campaign(project, body["campaignId"])
    if not body["listIds"]:
        raise bad_params("listIds must not be empty")
    audience = _members(project, body["listIds"]) - _members(project, body.get("suppressionListIds") or [])
    with project.store.database.transaction():
        for user in filter(None, map(project.store.users.by_row, sorted(audience))):
            sends.send(project, user, campaign, body)
    return envelope()


def trigger_journey(call: Call) -> Response:
    """POST /api/workflows/triggerWorkflow: journeys have no steps here, so users exit at once."""
    project, number = call.project, call.body["workflowId"]
    if all(call.body.get(name) is None for name in ("email", "userId", "listId")):
        raise RefusedError(envelope("Must provide either an email or list id", "GenericError", status=400))
    journey = project.store.resources.get("journey", number)
    if journey is None or not journey["enabled"]:
        raise bad_params(f"Invalid workflowId: {number}")
    now = dates.export_form(project.clock.seconds())
    visit = Visit(number, journey.get("name"), journey.get("startTileId"), now, now)
    with project.store.database.transaction(), rows_fail_request():
        for user in _entering_users(call):
            left = visit.exit_fields(project.settings.project_id, user.profile.get("timeZone"))
            events.record(project, "journeyExit", user, left)
    return envelope()


def _entering_users(call: Call) -> list[User]:
    project, list_id = call.project, call.body.get("listId")
    if list_id is None:
        return [users.existing_user(project, call.body)]
    return list(filter(None, map(project.store.users.by_row, sorted(_members(project, [list_id])))))


def _campaign(project: Project, number: int, medium: str | None = None) -> dict[str, Any]:
    """Find a campaign that the API can send: of the medium, and triggered, as we interpret the contract."""
    found = project.store.resources.get("campaign", number)
    if found is None or found["type"] != "Triggered" or medium not in (None, found["messageMedium"]):
        raise _invalid_campaign(number, medium)
    # Iterable's own tests activate a campaign before they trigger it; its text is not known.
    if found.get("campaignState", _RUNNING) != _RUNNING:
        raise bad_params(f"Campaign {number} is not running")
    return found


def _invalid_campaign(number: int, medium: str | None) -> RefusedError:
    """400 for a campaign that the endpoint cannot send. Known are the texts for e-mail, push and in-app messages."""
    if medium is None:
        return bad_params(f"Invalid campaign id: {number}")
    msg = "Invalid campaignId" if medium == "Email" else "Invalid Campaign Id"
    return RefusedError(envelope(msg, "BadParams", {"campaignId": str(number)}, 400))


def _send_at(call: Call) -> int | None:
    text = call.body.get("sendAt")
    if text is None:
        return None
    try:
        moment = dates.request_parameter(text)
    except ValueError as problem:
        raise bad_params(f"sendAt: {problem}") from None
    if moment > call.project.clock.moment() + _MAX_AHEAD:
        raise bad_params("sendAt is more than 365 days away")
    return int(moment.timestamp() * 1000)


def _schedule(project: Project, message: Scheduled, name: str | None) -> Response:
    """Schedule a message to a user of that name."""
    due = dates.utc_form(datetime.fromtimestamp(message.due_ms / 1000, UTC))
    msg = f"Campaign {message.campaign} - Scheduled triggered message for: {due} to: {name}"
    return envelope(msg, params={"scheduledMessageId": project.store.schedule.add(message)})


def _messages_to_cancel(call: Call) -> list[Scheduled]:
    """Scheduled messages that a request to cancel selects."""
    schedule, message_id = call.project.store.schedule, call.body.get("scheduledMessageId")
    if message_id is not None:
        return [one for one in schedule.get(message_id) if one.user != sends.WHOLE_CAMPAIGN]
    campaign = call.body.get("campaignId")
    if campaign is None:
        raise bad_params("Either campaignId or scheduledMessageId must be given")
    found = call.project.user_resolver.find(identities.read_identity(call.body))
    return [] if found is None else [one for one in schedule.of_user(found.id) if one.campaign == campaign]


def _medium(project: Project, message: Scheduled) -> str | None:
    campaign = project.store.resources.get("campaign", message.campaign)
    return None if campaign is None else campaign["messageMedium"]


def _members(project: Project, list_ids: list[int]) -> set[int]:
    return {row for list_id in list_ids for row in project.store.lists.rows(existing_list(project, list_id).id)}


_TARGET: Final = object_of(
    required=("campaignId",),
    campaignId=NUMBER,
    recipientEmail=STRING,
    recipientUserId=STRING,
    recipientPhone=STRING,
    dataFields=OBJECT,
    metadata=OBJECT,
    sendAt=STRING,
    allowRepeatMarketingSends=BOOLEAN,
)
_CANCEL: Final = object_of(email=STRING, userId=STRING, campaignId=NUMBER, scheduledMessageId=NUMBER)
_CAMPAIGN: Final = object_of(
    required=("campaignId", "listIds"),
    campaignId=NUMBER,
    listIds=array_of(NUMBER),
    suppressionListIds=array_of(NUMBER),
    dataFields=OBJECT,
    allowRepeatMarketingSends=BOOLEAN,
)
_JOURNEY: Final = object_of(
    required=("workflowId",), workflowId=NUMBER, email=STRING, userId=STRING, listId=NUMBER, dataFields=OBJECT
)

ENDPOINTS: Final = (
    Endpoint("POST", "/api/campaigns/trigger", trigger_campaign, _CAMPAIGN),
    Endpoint("POST", "/api/workflows/triggerWorkflow", trigger_journey, _JOURNEY),
    *(
        Endpoint("POST", f"/api/{path}/{action}", answering(medium), shape)
        for path, medium in _MEDIA.items()
        for action, answering, shape in (("target", _target_handler, _TARGET), ("cancel", _cancel_handler, _CANCEL))
    ),
)
