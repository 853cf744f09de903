"""What each call becomes: one record of one object of Iterable."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.records.column_mapping import EMPTY
from target_iterable.segment import audiences, commerce
from target_iterable.segment.call import SHAPES, Call
from target_iterable.segment.mapping import MappedCall, MappingRules, event, profile, skipped
from target_iterable.segment.names import NAMELESS, snake, viewed
from target_iterable.segment.traits import is_address

_Maps = Callable[[Call, MappingRules], MappedCall]


def mapped(call: Call, rules: MappingRules) -> MappedCall:
    """The record that `call` becomes.

    Raises:
        RecordRejectedError: if Iterable has nothing that would say the same.
    """
    return _CALLS[call.type](call, rules)


def _identify(call: Call, rules: MappingRules) -> MappedCall:
    if rules.audiences != "as_sent" and audiences.is_about_audience(call):
        return audiences.of_traits(call, rules)
    # Iterable sends to `phoneNumber`; `phone` is what the spec calls it.
    phone = {"phoneNumber": call.body["phone"]} if "phone" in call.body else {}
    return profile(rules.people.of(call), {**phone, **call.body})


def _track(call: Call, rules: MappingRules) -> MappedCall:
    if not isinstance(call.subject, str) or not call.subject.strip():
        raise call.missing("event")
    return _EVENTS.get(snake(call.subject), _any_event)(call, rules)


def _any_event(call: Call, rules: MappingRules) -> MappedCall:
    return event(rules.people.of(call), call.subject, call)


def _audience_event(call: Call, rules: MappingRules) -> MappedCall:
    return _any_event(call, rules) if rules.audiences == "as_sent" else audiences.of_event(call, rules)


def _page(call: Call, rules: MappingRules) -> MappedCall:
    name = call.body.get("name")
    has_name = isinstance(name, str) and bool(name.strip())
    if rules.pages == "named" and not has_name:
        return skipped(call, rules)
    is_named = has_name and rules.pages != "common"
    return event(rules.people.of(call), viewed(call.type, str(name)) if is_named else NAMELESS[call.type], call)


def _alias(call: Call, rules: MappingRules) -> MappedCall:
    for name, value in (("previousId", call.subject), ("userId", call.user_id)):
        if value in EMPTY:
            raise call.missing(name)
        if not is_address(value):
            raise RecordRejectedError(
                "invalidAlias", f"`{name}` is not an e-mail address, and Iterable can change nothing else", name
            )
    rules.people.forget()
    return MappedCall("user_emails", "change", {"currentEmail": call.subject, "newEmail": call.user_id})


def _group(call: Call, rules: MappingRules) -> MappedCall:
    return _GROUPS[rules.groups](call, rules)


def _rejected_group(_call: Call, _rules: MappingRules) -> MappedCall:
    raise RecordRejectedError(
        "groupCall", "Iterable has no groups; with the option `groups: profile` users have a field `group`", "type"
    )


def _group_of_profile(call: Call, rules: MappingRules) -> MappedCall:
    """Not among the user's own traits: a group has a name and an address, too."""
    if call.subject in EMPTY:
        raise call.missing("groupId")
    group = rules.duplicates.merged(call.body, {"id": call.subject}, SHAPES[call.type].body)
    return profile(rules.people.of(call), {"group": group})


_GROUPS: Final[Mapping[str, _Maps]] = {
    "reject": _rejected_group,
    "skip": skipped,
    "profile": _group_of_profile,
}
_CALLS: Final[Mapping[str, _Maps]] = {
    "identify": _identify,
    "user": _identify,
    "track": _track,
    "page": _page,
    "screen": _page,
    "alias": _alias,
    "group": _group,
}
_EVENTS: Final[Mapping[str, _Maps]] = {
    "order_completed": commerce.purchase,
    "cart_updated": commerce.whole_cart,
    "product_added": commerce.changed_cart,
    "product_removed": commerce.changed_cart,
    "audience_entered": _audience_event,
    "audience_exited": _audience_event,
}
"""Events that are more than events, by their names in lower case with `_`."""
