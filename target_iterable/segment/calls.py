"""Maps each call to one record of one object of Iterable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY
from target_iterable.segment import audiences, commerce
from target_iterable.segment.call import SHAPES, Call, missing
from target_iterable.segment.devices import registration
from target_iterable.segment.mapping import MappedCall, MappingRules, event, profile, skipped, with_phone_number
from target_iterable.segment.names import UNNAMED_PAGE_EVENTS, page_event, snake
from target_iterable.segment.traits import is_address

CallMapping = Callable[[Call, MappingRules], MappedCall]
_MAX_NAMES: Final = 10_000


def map_call(call: Call, rules: MappingRules) -> MappedCall:
    """Map `call` to a record.

    Raises:
        RecordRejectedError: if Iterable has no equivalent, or the call lacks something.
        RecordSkippedError: if an option of the route says so.
    """
    return registration(call, rules) if rules.device_tokens else _CALLS[call.type](call, rules)


def _identify(call: Call, rules: MappingRules) -> MappedCall:
    if is_about_audience(call.context.get("computation_class"), rules):
        return audiences.of_traits(call, rules)
    user = rules.users.user_of(call)
    made = profile(user, with_phone_number({**rules.traits_of(call), **call.body}))
    others = [{**made.row, "email": email} for email in rules.users.other_addresses(call, user)]
    return made._replace(others=others)


def _track(call: Call, rules: MappingRules) -> MappedCall:
    return event_mapping(call.subject, rules)(call, rules)


def is_about_audience(computation_class: object, rules: MappingRules) -> bool:
    """Whether an identify call tells the membership in an audience, which the route wants otherwise than as sent."""
    return rules.audiences != "as_sent" and computation_class == "audience"


def event_mapping(name: object, rules: MappingRules) -> CallMapping:
    """The mapping of the event of a track call: `any_event` unless it is one of those that mean something else.

    Raises:
        RecordRejectedError: if it has no name.
    """
    if not isinstance(name, str) or not name.strip():
        raise missing("track", "event")
    mapping = _special_mapping(name)
    return any_event if mapping is audiences.of_event and rules.audiences == "as_sent" else mapping


def any_event(call: Call, rules: MappingRules) -> MappedCall:
    """Map a call to the event of its name."""
    return event(rules.users.user_of(call), call.subject, call, rules)


@lru_cache(_MAX_NAMES)
def _special_mapping(name: str) -> CallMapping:
    return _EVENTS.get(snake(name), any_event)


def _page(call: Call, rules: MappingRules) -> MappedCall:
    name = page_name(call.type, call.body.get("name"), call.body.get("category"), rules.pages)
    if name is None:
        return skipped(call, rules)
    return event(rules.users.user_of(call), name, call, rules)


def page_name(type_: str, name: object, category: object, pages: str) -> str | None:
    """The name of the event of a page or screen; None if it is skipped. `pages` is the option."""
    has_name = isinstance(name, str) and bool(name.strip())
    if pages == "named" and not has_name:
        return None
    is_named = has_name and pages != "common"
    if pages == "categorised":
        if not isinstance(category, str) or not category.strip():
            return None
        name, is_named = f"{category} {name}" if has_name else category, True
    return page_event(type_, str(name)) if is_named else UNNAMED_PAGE_EVENTS[type_]


def _alias(call: Call, rules: MappingRules) -> MappedCall:
    for name, value in (("previousId", call.subject), ("userId", call.user_id)):
        if value in EMPTY:
            raise call.missing(name)
        if not is_address(value):
            raise RecordRejectedError(
                "invalidAlias", f"`{name}` is not an e-mail address, and Iterable can change only those", name
            )
    rules.users.clear_addresses()
    return MappedCall("user_emails", "change", {"currentEmail": call.subject, "newEmail": call.user_id})


def _group(call: Call, rules: MappingRules) -> MappedCall:
    return _GROUPS[rules.groups](call, rules)


def _rejected_group(_call: Call, _rules: MappingRules) -> MappedCall:
    raise RecordRejectedError(
        "groupCall", "Iterable has no groups; the option `groups: profile` writes the field `group` of users", "type"
    )


def _group_of_profile(call: Call, rules: MappingRules) -> MappedCall:
    """Write the group into a field of its own: its traits, such as name and address, are not the user's."""
    if call.subject in EMPTY:
        raise call.missing("groupId")
    group = rules.duplicates.merged(call.body, {"id": call.subject}, SHAPES[call.type].body)
    return profile(rules.users.user_of(call), {"group": group})


_GROUPS: Final[Mapping[str, CallMapping]] = {
    "reject": _rejected_group,
    "skip": skipped,
    "profile": _group_of_profile,
}
_CALLS: Final[Mapping[str, CallMapping]] = {
    "identify": _identify,
    "user": _identify,
    "track": _track,
    "page": _page,
    "screen": _page,
    "alias": _alias,
    "group": _group,
}
_EVENTS: Final[Mapping[str, CallMapping]] = {
    "order_completed": commerce.purchase,
    "cart_updated": commerce.whole_cart,
    "product_added": commerce.changed_cart,
    "product_removed": commerce.changed_cart,
    "audience_entered": audiences.of_event,
    "audience_exited": audiences.of_event,
}
"""Name of an event in snake case -> mapping; all others become custom events."""
