"""Base class of streams about the users of a setting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator

from singer_sdk.helpers.types import Context

from iterable_api.facts.identity import ProjectType
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.partitioned_stream import PartitionedStream
from tap_iterable.streams.list_users import identifier_column


class ChosenUsersStream(PartitionedStream):
    """A stream with a partition for each user of `user_events_users`."""

    is_costly = True
    partition = "User"
    remedy = "The numbers count the entries of `user_events_users`. Run again, or leave these users out."

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """What there is of every user of the setting."""
        users = self.config["user_events_users"]
        if not users:
            self.logger.warning("`user_events_users` is empty, so there is nothing to read")
        self.announce(len(users), self.endpoints[0], at_least=True)
        for number, user in enumerate(users, start=1):
            column = identifier_column(ProjectType(self.config["project_type"]), user)
            yield from self.rows_of(number, self.records_of(column, user))

    @abstractmethod
    def records_of(self, column: str, user: str) -> Iterator[Record]:
        """The records of one user, whose identifier is in `column`."""
