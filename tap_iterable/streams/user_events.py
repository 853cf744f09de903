"""All events of chosen users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final

from singer_sdk.helpers.types import Context

from iterable_api.errors import IncompleteBodyError
from iterable_api.facts.identity import ProjectType
from tap_iterable.export.content_check import check_rows, reject_error_line
from tap_iterable.export.download import has_whole_last_line
from tap_iterable.records.line_decoding import EventLineDecoder
from tap_iterable.records.line_parsing import MalformedLineError, fields_of, names_any, nested, record_id
from tap_iterable.records.malformed_lines import MalformedLines
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.partitioned_stream import PartitionedStream
from tap_iterable.streams.list_users import identifier_column

PATH: Final = "/api/export/userEvents"


class UserEventsStream(PartitionedStream):
    """The events of the users of a setting. Messages name the position there, since logs have no personal data."""

    name = "user_events"
    primary_keys = ("recordId",)
    selected_by_default = False
    endpoints = (PATH,)
    cost = "1 request per user"
    partition = "User"
    remedy = "The numbers count the entries of `user_events_users`. Run again, or leave these users out."

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """Events of every user of the setting."""
        users = self.config["user_events_users"]
        if not users:
            self.logger.warning("`user_events_users` is empty, so there is nothing to read")
        for number, user in enumerate(users, start=1):
            yield from self.rows_of(number, self._events(user))

    def _events(self, user: str) -> Iterator[Record]:
        name = identifier_column(ProjectType(self.config["project_type"]), user)
        malformed_lines = MalformedLines(
            Path(self.config["malformed_directory"]) / f"{self.name}.ndjson", self.config["max_malformed_percent"]
        )
        lines = self.lines(PATH, {name: user, "includeCustomEvents": "true"}, self._check)
        number = 0
        with malformed_lines.counted(self.name):
            for line in lines:
                if line.isspace():
                    continue
                number += 1
                try:
                    event = self._event(line)
                except MalformedLineError:
                    reject_error_line(line, PATH)
                    malformed_lines.add(line)
                else:
                    yield event
        malformed_lines.check(malformed_lines.count, number)

    def _check(self, spool: IO[bytes], name: str) -> None:
        check_rows(spool, name, self._is_event, EventLineDecoder.expected)
        if not has_whole_last_line(spool):
            raise IncompleteBodyError(f"{name}: the last line is not whole")

    def _is_event(self, line: bytes) -> bool:
        try:
            self._event(line)
        except MalformedLineError:
            return False
        return True

    def _event(self, line: bytes) -> Record:
        fields = fields_of(line)
        if not names_any(self.shape.columns.keys(), fields):
            raise MalformedLineError("no field of an event")
        return {"recordId": record_id(self.name, fields), **self.record(nested(fields))}
