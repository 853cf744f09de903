"""Users: profiles, created or updated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar, Final

import msgspec

from iterable_api.facts.identity import ProjectType
from target_iterable.columnar.row_groups import Grouping, RowGroup
from target_iterable.columnar.user_builder import ProfileBuilder, ProfileRules
from target_iterable.config.route import CLEAR, IDENTIFIERS, MIRROR, NOTHING, ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Name, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.registry import USERS
from target_iterable.objects.base.columnar_object import ColumnarObject
from target_iterable.objects.base.mirrored_object import MirroredObject, name, names_of_all, user_of
from target_iterable.objects.base.user_part import MERGE
from target_iterable.objects.users.privacy import deletion, forgetting
from target_iterable.records.column_mapping import Row, flatten_member
from target_iterable.records.user_identity import USER_ID
from target_iterable.requests.bulk_response import NOT_FOUND, named_failures

BULK_UPDATE: Final = Endpoint("/api/users/bulkUpdate", "users", named_failures)
_CREATE_ONLY: Final = replace(BULK_UPDATE, creates_only=True)
_UPDATE_ONLY: Final = replace(BULK_UPDATE, parse_response=partial(named_failures, skipped=NOT_FOUND))


class Users(ColumnarObject, MirroredObject):
    """Profiles. Fields that a record does not have stay as they are.

    email, userId: the user. The type of the project says which of them identify users; others are profile fields.
    dataFields: an object with profile fields; all other columns are profile fields, too.

    The mode `update` creates no users; records about users who do not exist count as unchanged. If Iterable's answer
    does not say whether there is one, the record is rejected, as writing it might create one. Users are looked up
    first, which Iterable allows 100 times a second; a userId without an address needs no look-up, because an
    e-mail-based project creates no user for it. The option `update_only` leaves the look-ups to Iterable, by a
    parameter that is not documented. It works only where Iterable has switched it on; elsewhere users are created.

    The mode `create` changes no users: each is looked up first, and records about users who exist count as unchanged.
    So do further records about a user whom the run has created.

    In an e-mail-based project, a record with a userId and no address is written to the user who has the userId, and
    rejected if there is none. With `placeholder_users` it creates a user with an address at `placeholder.email`, to
    which Iterable sends nothing. The same holds for list members, purchases, carts, devices and Segment calls.

    In an e-mail-based project a person may have several addresses, each with its own profile, and the same userId in
    all of them. `identify_by: userId` writes to the profile that has the userId, instead of the one that has the
    address.

    The mode `mirror` writes like `upsert`. When a user has left the source, `on_removed` says what happens: `nothing`,
    `clear` (the fields that the stream has columns for become null), `delete`, or `forget`, at most 1,000 a day.
    """

    spec = ObjectSpec(
        "users",
        streams=("users",),
        creates_users=True,
        modes=("upsert", "update", "create", MIRROR),
        removal_actions=(NOTHING, CLEAR, "delete", "forget"),
        clears_fields=True,
        options={
            **MERGE,
            "foreign_ids": Option(
                bool,
                "true if the ids of lists, channels and message types are those of another project, from which the "
                "streams of these names come; or false",
            ),
            "update_only": Option(
                bool, "true to send the undocumented `updateOnly`, false to look users up", modes=("update",)
            ),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "email": "ann@example.com",
        "firstName": "Ann",
        "visits": 12,
        "address": {"city": "Bern"},
    }

    @cached_property
    def builder(self) -> ProfileBuilder:
        """See `ColumnarObject`. The key of the stream says nothing about a user."""
        options = self.route.options
        updates, creates = self.route.mode == "update", self.route.mode == "create"
        grouping = Grouping(lambda: RowGroup(Envelope.of(self.create_new_fields | self._flags), USERS, self._place))
        rules = ProfileRules(
            _UPDATE_ONLY if updates else _CREATE_ONLY if creates else BULK_UPDATE,
            lambda draft: grouping.groups(len(draft)),
            merge=options.get("merge_nested_objects", False),
            placeholders=self.makes_placeholders and not updates,
            looks_up=creates or (updates and "updateOnly" not in self._flags),
            translate=self.project.renumbering.of_profile if options.get("foreign_ids") else None,
        )
        return ProfileBuilder(self.identities, self.field_options, self.project.fields, rules)

    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """See `MirroredObject`."""
        del key, create
        return [name(*user) for user in self.identities.names(flatten_member(row, "dataFields"))]

    def names_of(self, rows: Sequence[Operation]) -> Sequence[Sequence[str]]:
        """See `MirroredObject`."""
        ordered = self.identities.ordered
        return names_of_all([ordered(row.names) for row in rows])

    def removal(self, name_: str) -> Operation:
        """See `MirroredObject`."""
        user = user_of(name_)
        if self.route.on_removed != CLEAR:
            self._check_unique(user)
        return msgspec.structs.replace(self._removing(user), dedup_scope=self._place)

    def _removing(self, user: Name) -> Operation:
        if self.route.on_removed == "delete":
            return deletion(user)
        return forgetting(user) if self.route.on_removed == "forget" else self._clearing(user)

    def _clearing(self, user: Name) -> Operation:
        fields = {name: None for name in self.cleared if name not in (*IDENTIFIERS, "dataFields")}
        return Operation(
            endpoint=_UPDATE_ONLY,
            part=dumps({user[0]: user[1], "dataFields": fields}),
            names=(user,),
            only_for=frozenset({user}),
        )

    def _check_unique(self, user: Name) -> None:
        """In an e-mail-based project many may share a userId, and nobody is forgotten by it."""
        shared = self.project.type is ProjectType.EMAIL and user[0] == USER_ID
        if shared and (self.route.on_removed == "forget" or self.route.identify_by is None):
            raise RecordRejectedError("sharedUserId", "in an e-mail-based project others may have the same userId")

    @property
    def _place(self) -> str:
        """Other streams may hold other fields of the same users."""
        return f"users {self.stream}"

    @cached_property
    def _flags(self) -> dict[str, bool]:
        return {"updateOnly": True} if self.route.options.get("update_only") else {}
