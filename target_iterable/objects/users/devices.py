"""Devices that receive push messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from target_iterable.config.route import ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.objects.base.user_part import bare
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import needed_text
from target_iterable.records.user_identity import EMAIL, USER_ID, UserIdentity
from target_iterable.requests.bulk_response import all_written

_REGISTER: Final = single_row_endpoint("/api/users/registerDeviceToken", all_written)
_DISABLE: Final = single_row_endpoint("/api/users/disableDevice", all_written)
_PLATFORMS: Final = ("APNS", "APNS_SANDBOX", "GCM")


class Devices(IterableObject):
    """Devices that receive push messages. `api_key` must be a mobile or JavaScript key: other keys cannot write them.

    email, userId: the owner of the device. With neither column, `disable` applies to all users of the device.
    token: the token of the device.
    platform: `APNS`, `APNS_SANDBOX` or `GCM`; not for `disable`.
    applicationName: the name of the push integration; not for `disable`.
    dataFields, and all other columns: data fields of the device; others keep their values. Not for `disable`.
    """

    spec = ObjectSpec(
        "devices", streams=("devices",), modes=("register", "disable"), creates_users=True, clears_fields=True
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "token": "740f4707bebcf74f9b7c25d48e3358945f6aa01da5ddb387462c7eaf61bb78ad",
        "platform": "APNS",
        "applicationName": "com.example.shop",
        "appVersion": "5.1",
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Register or disable one device. Its token is a name, too, so rows of a device keep their order."""
        del key
        registers = self.route.mode == "register"
        token = needed_text("token", row.pop("token", None))
        identity = self.identities.pop_identity(row) if registers or row.keys() & {EMAIL, USER_ID} else _ALL_USERS
        body = self._registration(identity, token, row) if registers else {**identity.sent, "token": token}
        if not registers:
            self.leave_out(row)
        return Operation(
            endpoint=_REGISTER if registers else _DISABLE,
            part=dumps(body),
            names=(*identity.names, ("token", token)),
            dedup_scope=f"device {token}",
        )

    def _registration(self, identity: UserIdentity, token: str, row: Row) -> Row:
        platform = row.pop("platform", None)
        if platform not in _PLATFORMS:
            raise RecordRejectedError("invalidPlatform", f"`platform` is not {', '.join(_PLATFORMS)}", "platform")
        application = needed_text("applicationName", row.pop("applicationName", None))
        device: Row = {"token": token, "platform": platform, "applicationName": application}
        if fields := self.fields(row, "dataFields"):
            device["dataFields"] = fields
        return {**bare(identity, placeholder=self.makes_placeholders), "device": device}


_ALL_USERS: Final = UserIdentity({}, {}, by_user_id=False)
