"""Members of static lists, put in or taken out."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, ClassVar, Final, NamedTuple

from iterable_api.facts.identity import ProjectType
from iterable_api.refusals import UNKNOWN_LIST
from target_iterable.columnar.columns import Column, map_values
from target_iterable.columnar.record_block import Draft, RecordBlock
from target_iterable.columnar.row_groups import Grouping, RowGroup
from target_iterable.columnar.user_builder import BareUserBuilder, Groups, ProfileBuilder, ProfileRules
from target_iterable.config.route import MIRROR, REMOVE, ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Name, Operation
from target_iterable.core.rejection import RecordRejectedError, RecordSkippedError, RejectReason
from target_iterable.field_types.registry import USERS
from target_iterable.objects.base.base import Destination, Outcome
from target_iterable.objects.base.columnar_object import ColumnarObject
from target_iterable.objects.base.mirrored_object import MirroredObject, name, names_of_all, parts, user_of
from target_iterable.objects.base.user_part import MERGE
from target_iterable.project.lists import UNKNOWN_NAME
from target_iterable.records.column_mapping import EMPTY, Row, flatten_member
from target_iterable.records.ids import id_number
from target_iterable.requests.bulk_response import NOT_FOUND, named_failures

_SUBSCRIBE: Final = Endpoint("/api/lists/subscribe", "subscribers", named_failures)
_SUBSCRIBE_EXISTING: Final = replace(_SUBSCRIBE, parse_response=partial(named_failures, skipped=NOT_FOUND))
# Who is not there is out of the list already, and a list that is gone has no members.
_UNSUBSCRIBE: Final = Endpoint(
    "/api/lists/unsubscribe",
    "subscribers",
    partial(named_failures, already_done=NOT_FOUND),
    removes=REMOVE,
    already_done=frozenset(UNKNOWN_LIST),
)
_LIST_COLUMNS: Final = frozenset({"list", "listId"})


class _List(NamedTuple):
    """A list by its id, and whether it is the record that says this id."""

    id: int
    by_record: bool = False


class ListMembers(ColumnarObject, MirroredObject):
    """Members of static lists.

    email, userId: the user.
    list: the name of a list, unless the route has it; the list is created if it does not exist. Where neither the route
        nor a column names a list, it has the name of the stream, without what stands before the last dash.
    listId: the id of a list, instead of its name. A record that adds to the id of no list is rejected.
    dataFields: an object with profile fields of users who are added; all other columns are profile fields, too.

    The mode says whether records add or remove users; or a column does that `member_column` names: true adds, false
    removes. With `update_existing_users_only`, records that would create a user count as unchanged. E-mail-based
    projects ignore that parameter, so there users are looked up first, 100 a second. Removing a user with
    `channel_unsubscribe` also unsubscribes the user from the channel of the list. Nobody is on a list that does not
    exist, so removing a user from it changes nothing.

    The mode `mirror` adds users, and removes those that it has added when they have left the source.

    So a model `vip_customers` with nothing but `object: list_members` fills the list `vip_customers`. Streams with a
    column `list` or `listId` name their lists in each record, and the names `list_members` and `list_users` say only
    what the records are: there, a record without a list is rejected.
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

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        self._misses_list = False
        self._ids: dict[str, int] = {}

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`. Profile fields travel with those who are added; a removal takes only the identity."""
        column = self.route.options.get("member_column")
        if column is None:
            return self._removed(block) if self.route.mode == "remove" else [*self.builder.operations(block)]
        draft = Draft(block)
        draft.put(column, map_values(self._is_member, draft.take(column) or [None] * len(draft)))
        outcomes: dict[int, Outcome] = {**draft.rejects}
        for build, adds in ((self.builder.operations, True), (self._removed, False)):
            some = [place for place, is_member in enumerate(draft.heads[column]) if is_member is adds]
            built = build(draft.block_of(some))
            outcomes |= {draft.places[place]: outcome for place, outcome in zip(some, built, strict=True)}
        return [outcomes[place] for place in range(len(block))]

    def _removed(self, block: RecordBlock) -> list[Outcome]:
        """Return the outcomes of records that remove users. Nobody is on a list that does not exist."""
        outcomes = self._remover.operations(block)
        return [self._skipped(outcome) if isinstance(outcome, RejectReason) else outcome for outcome in outcomes]

    def removal_of(self, row: Row, key: Sequence[Any]) -> Operation:
        """See `IterableObject`.

        Raises:
            RecordSkippedError: if there is no list of the name.
        """
        try:
            return super().removal_of(row, key)
        except RecordRejectedError as error:
            if isinstance(outcome := self._skipped(error.reject_reason), RecordSkippedError):
                raise outcome from None
            raise

    def _skipped(self, reason: RejectReason) -> RejectReason | RecordSkippedError:
        """Return what becomes of a removal that has no list: nothing is to be done if there is none of the name."""
        if reason.code != UNKNOWN_NAME:
            return reason
        if not self._misses_list:
            self._misses_list = True
            logging.getLogger(f"target-iterable.{self.stream}").warning(
                "The stream %r removes users from a list that does not exist. These records count as unchanged.",
                self.stream,
            )
        return RecordSkippedError()

    @cached_property
    def builder(self) -> ProfileBuilder:
        """See `ColumnarObject`. It builds the operations of those who are added."""
        options = self.route.options
        existing = options.get("update_existing_users_only", False)
        flag = {"updateExistingUsersOnly": True} if existing and not self._looks_up else {}
        rules = ProfileRules(
            _SUBSCRIBE_EXISTING if existing else _SUBSCRIBE,
            self._groups(flag, USERS, create=True),
            merge=options.get("merge_nested_objects", False),
            placeholders=self.makes_placeholders and not existing,
            looks_up=self._looks_up,
        )
        return ProfileBuilder(self.identities, self.field_options, self.project.fields, rules)

    @cached_property
    def _remover(self) -> BareUserBuilder:
        groups = self._groups(self._removal_flag, "", create=False)
        return BareUserBuilder(self.identities, self.field_options, _UNSUBSCRIBE, groups)

    @property
    def _looks_up(self) -> bool:
        """Whether Iterable, which takes no notice of `updateExistingUsersOnly` there, must be asked for each user."""
        is_asked = self.route.options.get("update_existing_users_only", False)
        return bool(is_asked) and self.project.type is ProjectType.EMAIL

    @property
    def _removal_flag(self) -> dict[str, bool]:
        return {"channelUnsubscribe": True} if self.route.options.get("channel_unsubscribe") else {}

    def _groups(self, flag: dict[str, bool], scope: str, *, create: bool) -> Groups:
        """Return the function that finds the list of each record; with `create` a missing list is created."""

        def group(id_: Any, name_: Any) -> RowGroup:
            list_ = self._list_called(id_, name_, create=create)
            place = f"list {list_.id}"
            self._ids[place] = list_.id
            return RowGroup(self._envelope(list_, flag), scope, place)

        grouping = Grouping(group)

        def groups(draft: Draft) -> Column:
            columns = draft.take("listId"), draft.take("list")
            return grouping.groups(len(draft), *((None, None) if self._is_by_route else columns))

        return groups

    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """See `MirroredObject`. A list has members of its own."""
        del key
        list_ = self._list(row, create=create)
        return [name(list_.id, *user) for user in self.identities.names(flatten_member(row, "dataFields"))]

    def names_of(self, rows: Sequence[Operation]) -> Sequence[Sequence[str]]:
        """See `MirroredObject`."""
        ordered, ids = self.identities.ordered, self._ids
        return names_of_all([[(ids[row.dedup_scope], *user) for user in ordered(row.names)] for row in rows])

    def removal(self, name_: str) -> Operation:
        """See `MirroredObject`."""
        user = user_of(name_)
        return self._remove(_List(parts(name_)[0]), dict([user]), (user,))

    def _remove(self, list_: _List, user: Mapping[str, str], names: tuple[Name, ...]) -> Operation:
        return Operation(
            endpoint=_UNSUBSCRIBE,
            part=dumps(dict(user)),
            names=names,
            envelope=self._envelope(list_, self._removal_flag),
            dedup_scope=f"list {list_.id}",
        )

    def _envelope(self, list_: _List, flag: dict[str, bool]) -> Envelope:
        envelope = Envelope.of({"listId": list_.id} | flag)
        fresh = list_.id in self.project.lists.made
        return replace(envelope, fresh=fresh, by_record=list_.by_record) if fresh or list_.by_record else envelope

    def _is_member(self, value: Any) -> bool:
        """Read a value of the column `member_column`: whether the user is a member."""
        # Some databases have no truth values, only 1 and 0.
        if not isinstance(value, int) or value not in (True, False):
            column = self.route.options["member_column"]
            raise RecordRejectedError("missingMembership", f"the column {column!r} says neither true nor false", column)
        return bool(value)

    @property
    def _is_by_route(self) -> bool:
        return not self.route.options.keys().isdisjoint(("list", "list_id"))

    @cached_property
    def _list_of_stream(self) -> str:
        """The list that the stream itself names; empty if its records should say, or the name says what they are.

        A record without a list among others that have one is incomplete, and must not end in another list.
        """
        name_ = self.stream.rsplit("-", 1)[-1].strip()
        # Without a schema, it is not known which columns will come.
        has_column = not self.schemas or any(path[0] in _LIST_COLUMNS for path in self.schemas)
        if self._is_by_route or has_column or name_ in self.spec.streams:
            return ""
        logging.getLogger(f"target-iterable.{self.stream}").info(
            "Neither the route nor a column names a list, so the list of the stream %r is %r.", self.stream, name_
        )
        return name_

    def _list(self, row: Row, *, create: bool) -> _List:
        return self._list_called(row.pop("listId", None), row.pop("list", None), create=create)

    def _list_called(self, id_: Any, name_: Any, *, create: bool) -> _List:
        """Find the list that the route names, else that of the record; an id takes precedence over a name."""
        options = self.route.options
        by_route = self._is_by_route
        if by_route:
            id_, name_ = options.get("list_id"), options.get("list")
        if id_ not in EMPTY:
            return _List(id_number("listId", id_), by_record=not by_route)
        if name_ is None:
            name_ = self._list_of_stream
        if not isinstance(name_, str) or not name_.strip():
            raise RecordRejectedError(
                "missingList", "`list` and `listId` are empty, and neither the route nor the stream names a list"
            )
        return _List(self.project.lists.id_of(name_, create=create))
