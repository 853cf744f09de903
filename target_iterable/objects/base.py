"""What an object of Iterable is to the target: the routes it allows, and how a row becomes an operation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from target_iterable.columns import Row, spread, without_nulls
from target_iterable.delivery.operations import Operation
from target_iterable.identities import IdentityRule
from target_iterable.project import Project
from target_iterable.routes import ObjectSpec, Route


@dataclass(frozen=True)
class Destination:
    """Where the rows of one stream go.

    Attributes:
        settings: those of the target.
        key_properties: the columns that are the key of the stream.
    """

    project: Project
    settings: Mapping[str, Any]
    stream: str
    route: Route
    key_properties: Sequence[str] = ()

    def of(self, object_: str, mode: str, **options: Any) -> Destination:
        """The same for another object; for objects that are made of others."""
        return replace(self, route=replace(self.route, object=object_, mode=mode, options=options))


class IterableObject(ABC):
    """A subclass says what its routes may hold (`spec`), and how a row becomes an operation."""

    spec: ClassVar[ObjectSpec]

    def __init__(self, to: Destination) -> None:
        self.project = to.project
        self.settings = to.settings
        self.stream = to.stream
        self.route = to.route
        self.key_properties = to.key_properties
        self.identities = IdentityRule(self.project.type, self.route.identify_by)

    @abstractmethod
    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """What `row` asks for; it is this object's to take apart. `key` are the values of the key properties.

        Raises:
            RecordRefusedError: if Iterable could not take it.
        """

    def fields(self, row: Row, member: str) -> Row:
        """What is left of `row`, with the members of its object `member`, as fields; nulls as the route says.

        Raises:
            RecordRefusedError: see `spread`.
        """
        fields = spread(row, member)
        return fields if self.route.clears else dict(without_nulls(fields))

    @property
    def create_new_fields(self) -> dict[str, bool]:
        """The member of a body that says whether Iterable may create fields; none if the project decides."""
        setting = self.settings["create_new_fields"]
        return {} if setting == "project" else {"createNewFields": setting == "true"}
