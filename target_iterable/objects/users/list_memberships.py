"""All lists of a user in one record: put into those that it names, and taken out of the other managed ones."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, NamedTuple

from target_iterable.columnar.columns import attempt
from target_iterable.columnar.record_block import RecordBlock
from target_iterable.config.route import REMOVE, ObjectSpec, Option
from target_iterable.core.rejection import RecordRejectedError, RejectReason
from target_iterable.objects.base.base import Destination, OperationGroup, Outcome
from target_iterable.objects.base.columnar_object import BlockObject
from target_iterable.objects.base.user_part import MERGE
from target_iterable.objects.users.list_members import ListMembers
from target_iterable.records.column_mapping import EMPTY, Row
from target_iterable.records.json_texts import from_json

_COLUMN: Final = "lists"
_LIST_COLUMNS: Final = ("list", "listId")
_ADD: Final = "add"


class _Membership(NamedTuple):
    """A user who is to be put into a list, or to be taken out of it.

    Attributes:
        place: index of the record in its block.
        list: name of the list.
        mode: mode of `list_members`.
    """

    place: int
    list: str
    mode: str


class ListMemberships(BlockObject):
    """All lists of a user, in one record. The user is put into the lists that the record names.

    With `managed_lists`, the user is also taken out of those of them that the record does not name. No other list loses
    a member. Lists that do not exist are created when somebody is put into them.

    email, userId: the user.
    lists: an array with the names of the lists, or JSON of one; `lists_column` can name another column. An empty array
        is a user on none of the managed lists. A null does not say that, and the record is rejected, unless `defaults`
        has `[]` for the column.
    dataFields: an object with profile fields; all other columns are profile fields, too. They are written when the user
        is put into a list.

    Each membership counts as a record of its own: a user with two lists, of three that are managed, is three records
    in the summary, and may be three in the file of rejects. Sending one of these again does no harm.
    """

    spec = ObjectSpec(
        "list_memberships",
        streams=("list_memberships",),
        creates_users=True,
        modes=("set",),
        clears_fields=True,
        options={
            "lists_column": Option(str, "the name of the column with the array, if it is not `lists`"),
            "managed_lists": Option(
                list, "an array with the names of the lists that users are taken out of; by default there is none"
            ),
            **MERGE,
        },
    )
    example: ClassVar[Mapping[str, Any]] = {"email": "ann@example.com", "lists": ["Loyal customers"]}

    def __init__(self, to: Destination) -> None:
        super().__init__(to)
        options = to.route.options
        self._column = options.get("lists_column", _COLUMN)
        self._managed = dict.fromkeys(options.get("managed_lists", ()))
        self._unmanaged: set[str] = set()
        merge = {name: options[name] for name in MERGE if name in options}
        self._members = {
            _ADD: ListMembers(to.of("list_members", _ADD, **merge)),
            REMOVE: ListMembers(to.of("list_members", REMOVE)),
        }

    def operations(self, block: RecordBlock) -> list[Outcome]:
        """See `IterableObject`. The memberships of all records are built together, for each mode."""
        rows = block.records()
        wanted = [attempt(self._wanted, row) for row in rows]
        by_mode: dict[str, list[_Membership]] = {mode: [] for mode in self._members}
        for place, names in enumerate(wanted):
            if not isinstance(names, RejectReason):
                for membership in self._memberships(place, names):
                    by_mode[membership.mode].append(membership)
        made: defaultdict[int, list[Outcome]] = defaultdict(list)
        by_mode[REMOVE] = self._of_existing_lists(by_mode)
        for mode, memberships in by_mode.items():
            some = RecordBlock(
                [block.keys[place] for place, _, _ in memberships],
                rows=[{**rows[place], "list": name} for place, name, _ in memberships],
            )
            for membership, outcome in zip(memberships, self._members[mode].operations(some), strict=True):
                made[membership.place].append(outcome)
        return [
            names if isinstance(names, RejectReason) else OperationGroup.of(made[place])
            for place, names in enumerate(wanted)
        ]

    def _of_existing_lists(self, by_mode: Mapping[str, Sequence[_Membership]]) -> list[_Membership]:
        """The removals from lists that exist when their record comes; a record before may create one."""
        first_adds: dict[str, int] = {}
        for membership in by_mode[_ADD]:
            first_adds.setdefault(membership.list, membership.place)
        lists = self.project.lists
        absent = {name for name in self._managed if by_mode[REMOVE] and not lists.has_name(name)}
        return [
            removal
            for removal in by_mode[REMOVE]
            if removal.list not in absent or first_adds.get(removal.list, removal.place) < removal.place
        ]

    def _wanted(self, row: Row) -> dict[str, None]:
        """Remove the column from `row`, and return the names in it, each once."""
        value = from_json(row.pop(self._column, None))
        for column in _LIST_COLUMNS:
            row.pop(column, None)
        if value in EMPTY:
            raise RecordRejectedError(
                "missingLists",
                f"the column {self._column!r} is empty: an array without names would mean no list",
                self._column,
            )
        if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
            raise RecordRejectedError(
                "invalidLists", f"the column {self._column!r} must be an array of names of lists", self._column
            )
        return dict.fromkeys(value)

    def _memberships(self, place: int, names: Mapping[str, None]) -> Iterator[_Membership]:
        if self._managed:
            self._warn_of_unmanaged(names)
        for name in names:
            yield _Membership(place, name, _ADD)
        for name in self._managed:
            if name not in names:
                yield _Membership(place, name, REMOVE)

    def _warn_of_unmanaged(self, names: Mapping[str, None]) -> None:
        """Log, once for each, the lists that users can come into by records, and not leave."""
        if new := names.keys() - self._managed.keys() - self._unmanaged:
            self._unmanaged |= new
            logging.getLogger(f"target-iterable.{self.stream}").warning(
                "The stream %r puts users into %s, which `managed_lists` does not name: nobody is taken out again.",
                self.stream,
                ", ".join(map(repr, sorted(new))),
            )
