"""Maps the token in the context of a call to a device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.segment.call import Call
from target_iterable.segment.mapping import MappedCall, MappingRules, skipped

_PLATFORMS: Final[Mapping[str, str]] = {"ios": "APNS", "android": "GCM"}
"""The type of a device in a context -> the platform."""


def registration(call: Call, rules: MappingRules) -> MappedCall:
    """Map a call to the device that it comes from.

    Raises:
        RecordSkippedError: if it has no token, or an earlier call has told the same.
        RecordRejectedError: for an anonymous call.
    """
    device = dict(call.device)
    token, type_ = device.pop("token", None), device.pop("type", None)
    if token in EMPTY:
        return skipped(call, rules)
    user = rules.users.user_of(call)
    if not rules.tokens.is_new(str(token), user):
        return skipped(call, rules)
    row: Row = {
        **user,
        "token": token,
        "platform": _PLATFORMS.get(str(type_).lower()),
        "applicationName": rules.device_tokens,
        "dataFields": {"deviceId" if name == "id" else name: value for name, value in device.items()},
    }
    return MappedCall("devices", "register", row)
