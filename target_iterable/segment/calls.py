"""Maps each call to one record of one object of Iterable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY
from target_iterable.segment import audiences, commerce
from target_iterable.segment.call import SHAPES, Call
from target_iterable.segment.devices import registration
from target_iterable.segment.mapping import MappedCall, MappingRules, event, profile, skipped, with_phone_number
from target_iterable.segment.names import UNNAMED_PAGE_EVENTS, page_event, snake
from target_iterable.segment.traits import is_address

_Mapping = Callable[[Call, MappingRules], MappedCall]


def map_call(call: Call, rules: MappingRules) -> MappedCall:
    """Map `call` to a record.

    Raises:
        RecordRejectedError: if Iterable has no equivalent, or the call lacks something.
        RecordSkippedError: if an option of the route says so.
    """
    return registration(call, rules) if rules.device_tokens else _CALLS[call.type](call, rules)


def _identify(call: Call, rules: MappingRules) -> MappedCall:
    if rules.audiences != "as_sent" and audiences.is_about_audience(call):
        return audiences.of_traits(call, rules)
    user = rules.users.user_of(call)
    made = profile(user, with_phone_number({**rules.traits_of(call), **call.body}))
    others = [{**made.row, "email": email} for email in rules.users.other_addresses(call, user)]
    return made._replace(others=others)


def _track(call: Call, rules: MappingRules) -> MappedCall:
    if not isinstance(call.subject, str) or not call.subject.strip():
        raise call.missing("event")
    return _EVENTS.get(snake(call.subject), _any_event)(call, rules)


def _any_event(call: Call, rules: MappingRules) -> MappedCall:
    return event(rules.users.user_of(call), call.subject, call, rules)


def _audience_event(call: Call, rules: MappingRules) -> MappedCall:
    return _any_event(call, rules) if rules.audiences == "as_sent" else audiences.of_event(call, rules)


def _page(call: Call, rules: MappingRules) -> MappedCall:
    name = call.body.get("name")
    has_name = isinstance(name, str) and bool(name.strip())
    if rules.pages == "named" and not has_name:
        return skipped(call, rules)
    is_named = has_name and rules.pages != "common"
    if rules.pages == "categorised":
        category = call.body.get("category")
        if not isinstance(category, str) or not category.strip():
            return skipped(call, rules)
        name, is_named = f"{category} {name}" if has_name else category, True
    named = page_event(call.type, str(name)) if is_named else UNNAMED_PAGE_EVENTS[call.type]
    return event(rules.users.user_of(call), named, call, rules)


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


_GROUPS: Final[Mapping[str, _Mapping]] = {
    "reject": _rejected_group,
    "skip": skipped,
    "profile": _group_of_profile,
}
_CALLS: Final[Mapping[str, _Mapping]] = {
    "identify": _identify,
    "user": _identify,
    "track": _track,
    "page": _page,
    "screen": _page,
    "alias": _alias,
    "group": _group,
}
_EVENTS: Final[Mapping[str, _Mapping]] = {
    "order_completed": commerce.purchase,
    "cart_updated": commerce.whole_cart,
    "product_added": commerce.changed_cart,
    "product_removed": commerce.changed_cart,
    "audience_entered": _audience_event,
    "audience_exited": _audience_event,
}
"""Name of an event in snake case -> mapping; all others become custom events."""
