"""Objects that are found by name: lists, channels and message types. They map ids of another project to ids here."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

from target_iterable.config.route import ObjectSpec
from target_iterable.core.operation import Operation
from target_iterable.core.rejection import RecordAlreadyWrittenError, RecordRejectedError, RecordSkippedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.project.id_mapping import AUDIENCE, CHANNEL, LIST, MESSAGE_TYPE
from target_iterable.project.lists import STANDARD
from target_iterable.records.column_mapping import Row
from target_iterable.records.ids import id_number, needed_text


class NoObject(IterableObject):
    """Nowhere: the records of these streams are not written, and count as unchanged."""

    spec = ObjectSpec("nothing", streams=(), modes=("nothing",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"any": "thing"}

    def operation(self, row: Row, key: Sequence[Any]) -> NoReturn:
        """Skip the record."""
        del row, key
        raise RecordSkippedError


class _Reference(IterableObject):
    """An object that maps ids. A subclass finds or creates what has the name."""

    kind: ClassVar[str]

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Find or create it at once, because records of other streams need the id."""
        del key
        id_ = row.pop("id", None)
        source_id = None if id_ is None else id_number("id", id_)
        name = needed_text("name", row.pop("name", None))
        id_here, is_new = self.resolve(name, row)
        if source_id is not None:
            self.learn(source_id, id_here, name, row)
        raise RecordAlreadyWrittenError if is_new else RecordSkippedError

    def learn(self, source_id: int, id_here: int | None, name: str, row: Row) -> None:
        """Take note of what the id of the other project means here."""
        del name, row
        self.project.renumbering.learn(self.kind, source_id, id_here)

    @abstractmethod
    def resolve(self, name: str, row: Row) -> tuple[int | None, bool]:
        """The id here of what has this name, None if there is none; and whether it was created by this call."""


class Lists(_Reference):
    """Static lists. They are created if they do not exist; existing ones count as unchanged.

    name: the name. Lists of the same name become one list.
    description: the description of a list that is created.
    listType: only `Standard` lists, which is the default, are created; others count as unchanged.
    id: the id in the project that the list comes from, for routes with `foreign_ids`.
    """

    spec = ObjectSpec("lists", streams=("lists",), modes=("create",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"name": "Newsletter", "description": "Who wants to hear from us"}
    kind = LIST

    def resolve(self, name: str, row: Row) -> tuple[int | None, bool]:
        """See `_Reference`."""
        if row.get("listType") not in (None, STANDARD):
            return None, False
        description = row.get("description")
        if description is not None and not isinstance(description, str):
            raise RecordRejectedError("invalidField", "`description` must be a text", "description")
        lists = self.project.lists
        before = len(lists.made)
        id_ = lists.id_of(name, create=True, description=description)
        return id_, len(lists.made) > before

    def learn(self, source_id: int, id_here: int | None, name: str, row: Row) -> None:
        """See `_Reference`. Campaigns may also go to lists that cannot be created or written."""
        super().learn(source_id, id_here, name, row)
        type_ = row.get("listType")
        if id_here is None and isinstance(type_, str):
            id_here = self.project.lists.find(name, type_)
        self.project.renumbering.learn(AUDIENCE, source_id, id_here)


class Channels(_Reference):
    """Channels of another project. They are found here by name, and count as unchanged: the API cannot create any.

    name: the name.
    id: the id in the project that the channel comes from, for routes with `foreign_ids`.
    """

    spec = ObjectSpec("channels", streams=("channels",), modes=("find",), describes_state=False, concerns_users=False)
    example: ClassVar[Mapping[str, Any]] = {"id": 7, "name": "Marketing"}
    kind = CHANNEL

    def resolve(self, name: str, row: Row) -> tuple[int | None, bool]:
        """See `_Reference`."""
        del row
        return self.project.renumbering.id_here(self.kind, name), False


class MessageTypes(Channels):
    """Message types of another project. They are found here by name, and count as unchanged: the API cannot create any.

    name: the name.
    id: the id in the project that the message type comes from, for routes with `foreign_ids`.
    """

    spec = ObjectSpec(
        "message_types", streams=("message_types",), modes=("find",), describes_state=False, concerns_users=False
    )
    example: ClassVar[Mapping[str, Any]] = {"id": 12, "name": "Newsletter"}
    kind = MESSAGE_TYPE
