"""Members of static lists, put in or taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

from iterable_api.facts.identity import ProjectType
from target_iterable.columnar.operation_builder import BuilderContext, OperationBuilder
from target_iterable.columnar.record_decoder import UnusualStreamError
from target_iterable.columnar.row_groups import RowGroup, SingleGroup
from target_iterable.columnar.user_builder import ProfileBuilder
from target_iterable.config.route import MIRROR, REMOVE, ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Name, Operation
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.registry import USERS
from target_iterable.objects.base.mirrored_object import MirroredObject, name, parts, user_of
from target_iterable.objects.base.user_part import MERGE, profile
from target_iterable.records.column_mapping import EMPTY, Row, flatten_member
from target_iterable.records.ids import id_number
from target_iterable.records.user_identity import UserIdentity
from target_iterable.requests.bulk_response import NOT_FOUND, named_failures

_SUBSCRIBE: Final = Endpoint("/api/lists/subscribe", "subscribers", named_failures)
_SUBSCRIBE_EXISTING: Final = replace(_SUBSCRIBE, parse_response=partial(named_failures, skipped=NOT_FOUND))
# Who is not there is out of the list already.
_UNSUBSCRIBE: Final = Endpoint(
    "/api/lists/unsubscribe", "subscribers", partial(named_failures, already_done=NOT_FOUND), removes=REMOVE
)
# A list that is gone has no members; whoever asks for removals from it by records should hear so all the same.
_LEAVE: Final = replace(_UNSUBSCRIBE, already_done=frozenset({"error.lists.invalidListId"}))


class _List(NamedTuple):
    """A list by its id, and whether it is the record that says this id."""

    id: int
    by_record: bool = False


class ListMembers(MirroredObject):
    """Members of static lists.

    email, userId: the user.
    list: the name of a list, unless the route has it; the list is created if it does not exist.
    listId: the id of a list, instead of its name. A record with the id of no list is rejected.
    dataFields: an object with profile fields of users who are added; all other columns are profile fields, too.

    The mode says whether records add or remove users; or a column does that `member_column` names: true adds, false
    removes. With `update_existing_users_only`, records that would create a user count as unchanged. E-mail-based
    projects ignore that parameter, so there users are looked up first, 100 a second. Removing a user with
    `channel_unsubscribe` also unsubscribes the user from the channel of the list.

    The mode `mirror` adds users, and removes those that it has added when they have left the source.
    """

    spec = ObjectSpec(
        "list_members",
        streams=("list_members", "list_users"),
        creates_users=True,
        modes=("add", "remove", MIRROR),
        removal_actions=(REMOVE,),
        clears_fields=True,
        options={
            "list": Option(str, "the name of a list, which is created if it does not exist; a text that is not blank"),
            "list_id": Option(int, "the id of a list, a whole number"),
            "member_column": Option(str, "the name of a column that says who is on the list", modes=("add",)),
            **MERGE,
            "update_existing_users_only": Option(bool, "true to create no users, or false", modes=("add", MIRROR)),
            "channel_unsubscribe": Option(
                bool, "true to unsubscribe users from the list's channel, too, or false", modes=("remove", MIRROR)
            ),
        },
        exclusive_options=frozenset({"list", "list_id"}),
    )
    example: ClassVar[Mapping[str, Any]] = {"email": "ann@example.com", "list": "Loyal customers"}

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """One member. Profile fields travel with those who are added; a removal takes only the identity."""
        del key
        adding = self._is_member(row)
        list_ = self._list(row, create=adding)
        fields = self.fields(row, "dataFields")
        identity = self.identities.pop_identity(fields)
        if adding:
            return self._add(list_, identity, fields)
        return self._remove(list_, identity.sent, identity.names)

    def recipe(self, context: BuilderContext) -> OperationBuilder:
        """See `IterableObject`. Only for those who are put into a list that the route names."""
        options = self.route.options
        existing = options.get("update_existing_users_only", False)
        if self.route.mode != "add" or "member_column" in options or existing or not self._is_by_route:
            raise UnusualStreamError
        merge = options.get("merge_nested_objects", False)
        return ProfileBuilder(
            context,
            _SUBSCRIBE,
            SingleGroup(self._kind),
            self.identities,
            merge=merge,
            placeholders=self.makes_placeholders,
            ignored=("listId", "list"),
        )

    def _kind(self) -> RowGroup:
        list_ = self._list({}, create=True)
        return RowGroup(self._envelope(list_, {}), self.project.fields.user_scope(), f"list {list_.id}")

    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """See `MirroredObject`. A list has members of its own."""
        del key
        list_ = self._list(row, create=create)
        return [name(list_.id, *user) for user in self.identities.names(flatten_member(row, "dataFields"))]

    def removal(self, name_: str) -> Operation:
        """See `MirroredObject`."""
        user = user_of(name_)
        return self._remove(_List(parts(name_)[0]), dict([user]), (user,), _LEAVE)

    def _add(self, list_: _List, identity: UserIdentity, fields: Row) -> Operation:
        existing = self.route.options.get("update_existing_users_only", False)
        asks = existing and self.project.type is ProjectType.EMAIL
        merge = self.route.options.get("merge_nested_objects", False)
        placeholder = self.makes_placeholders and not existing
        part = profile(identity, self.project.fields.coerce_user(fields), merge=merge, placeholder=placeholder)
        flag = {"updateExistingUsersOnly": True} if existing and not asks else {}
        return Operation(
            endpoint=_SUBSCRIBE_EXISTING if existing else _SUBSCRIBE,
            part=dumps(part),
            names=identity.names,
            envelope=self._envelope(list_, flag),
            only_for=identity.sent_names if asks and not identity.by_user_id else frozenset(),
            type_scope=USERS,
            fields=part.get("dataFields", {}),
            dedup_scope=f"list {list_.id}",
        )

    def _remove(
        self, list_: _List, user: Mapping[str, str], names: tuple[Name, ...], endpoint: Endpoint = _UNSUBSCRIBE
    ) -> Operation:
        flag = {"channelUnsubscribe": True} if self.route.options.get("channel_unsubscribe") else {}
        return Operation(
            endpoint=endpoint,
            part=dumps(dict(user)),
            names=names,
            envelope=self._envelope(list_, flag),
            dedup_scope=f"list {list_.id}",
        )

    def _envelope(self, list_: _List, flag: dict[str, bool]) -> Envelope:
        envelope = Envelope.of({"listId": list_.id} | flag)
        fresh = list_.id in self.project.lists.made
        return replace(envelope, fresh=fresh, by_record=list_.by_record) if fresh or list_.by_record else envelope

    def _is_member(self, row: Row) -> bool:
        """What the column says, if the route names one; else what the mode says."""
        column = self.route.options.get("member_column")
        if column is None:
            return self.route.mode != "remove"
        value = row.pop(column, None)
        # Some databases have no truth values, only 1 and 0.
        if not isinstance(value, int) or value not in (True, False):
            raise RecordRejectedError("missingMembership", f"the column {column!r} says neither true nor false", column)
        return bool(value)

    @property
    def _is_by_route(self) -> bool:
        return not self.route.options.keys().isdisjoint(("list", "list_id"))

    def _list(self, row: Row, *, create: bool) -> _List:
        """What the route says, else what the record says; an id before a name."""
        id_, name = row.pop("listId", None), row.pop("list", None)
        options = self.route.options
        by_route = self._is_by_route
        if by_route:
            id_, name = options.get("list_id"), options.get("list")
        if id_ not in EMPTY:
            return _List(id_number("listId", id_), by_record=not by_route)
        if not isinstance(name, str) or not name.strip():
            raise RecordRejectedError("missingList", "`list` and `listId` are empty, and the route names no list")
        return _List(self.project.lists.id_of(name, create=create))
