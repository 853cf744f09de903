"""What records of other objects name by ids: its records tell what the ids of another project mean here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from target_iterable.config.route import ObjectSpec
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordAlreadyWrittenError, RecordRejectedError, RecordSkippedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.project.id_mapping import CHANNEL, LIST, MESSAGE_TYPE
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import id_number, needed_text


class NoObject(IterableObject):
    """For streams that go nowhere: their records count as unchanged."""

    spec = ObjectSpec("nothing", streams=(), modes=("nothing",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"any": "thing"}

    def operation(self, row: Row, key: Sequence[Any]) -> NoReturn:
        """Nothing at all."""
        del row, key
        raise RecordSkippedError


class _Reference(IterableObject):
    """A subclass says which id is meant here."""

    kind: ClassVar[str]

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Nothing to send: what there is to do is done at once, because records of other streams need the id."""
        del key
        id_ = row.pop("id", None)
        there = None if id_ is None else id_number("id", id_)
        here, made = self.here(needed_text("name", row.pop("name", None)), row)
        if there is not None:
            self.project.renumbering.learn(self.kind, there, here)
        raise RecordAlreadyWrittenError if made else RecordSkippedError

    @abstractmethod
    def here(self, name: str, row: Row) -> tuple[int | None, bool]:
        """The id of what has this name here, if it is there, and whether it was made just now."""


class Lists(_Reference):
    """Static lists, made where there is none of the name; those that are there count as unchanged.

    name: its name. Lists of one name become one list.
    description: what it is for, if the list is made.
    listType: only `Standard` lists are made, and others count as unchanged; `Standard` if there is none.
    id: its id in the project that it comes from, for routes with `foreign_ids`.
    """

    spec = ObjectSpec("lists", streams=("lists",), modes=("create",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"name": "Newsletter", "description": "Who wants to hear from us"}
    kind = LIST

    def here(self, name: str, row: Row) -> tuple[int | None, bool]:
        """See `_Reference`."""
        if row.get("listType") not in (None, "Standard"):
            return None, False
        description = row.get("description")
        if description is not None and not isinstance(description, str):
            raise RecordRejectedError("invalidField", "`description` must be a text", "description")
        lists = self.project.lists
        before = len(lists.made)
        id_ = lists.id_of(name, create=True, description=description)
        return id_, len(lists.made) > before


class Channels(_Reference):
    """Channels of another project, found here by their names. They count as unchanged: the API makes none.

    name: its name.
    id: its id in the project that it comes from, for routes with `foreign_ids`.
    """

    spec = ObjectSpec("channels", streams=("channels",), modes=("find",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"id": 7, "name": "Marketing"}
    kind = CHANNEL

    def here(self, name: str, row: Row) -> tuple[int | None, bool]:
        """See `_Reference`."""
        del row
        return self.project.renumbering.id_here(self.kind, name), False


class MessageTypes(Channels):
    """Message types of another project, found here by their names. They count as unchanged: the API makes none.

    name: its name.
    id: its id in the project that it comes from, for routes with `foreign_ids`.
    """

    spec = ObjectSpec(
        "message_types", streams=("message_types",), modes=("find",), describes_state=False, concerns_users=False
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 12, "name": "Newsletter"}
    kind = MESSAGE_TYPE
