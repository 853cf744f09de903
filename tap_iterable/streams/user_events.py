"""All events of chosen users."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from iterable_api.errors import IncompleteBodyError
from tap_iterable.export.content_check import check_rows, reject_error_line
from tap_iterable.export.download import has_whole_last_line
from tap_iterable.records.line_decoding import EventLineDecoder
from tap_iterable.records.line_parsing import MalformedLineError, fields_of, names_any, nested, record_id
from tap_iterable.records.malformed_lines import MalformedLines
from tap_iterable.records.record_shape import Record
from tap_iterable.streams.chosen_users import ChosenUsersStream

PATH: Final = "/api/export/userEvents"


class UserEventsStream(ChosenUsersStream):
    """The events of the users of a setting. Messages name the position there, since logs have no personal data."""

    name = "user_events"
    primary_keys = ("recordId",)
    endpoints = (PATH,)
    cost = "1 request per user"

    def records_of(self, column: str, user: str) -> Iterator[Record]:
        """All events of one user."""
        malformed_lines = MalformedLines(
            Path(self.config["malformed_directory"]) / f"{self.name}.ndjson", self.config["max_malformed_percent"]
        )
        lines = self.lines(PATH, {column: user, "includeCustomEvents": "true"}, self._check)
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

    def _check(self, spool: IO[bytes], answer: str) -> None:
        check_rows(spool, answer, self._is_event, EventLineDecoder.expected)
        if not has_whole_last_line(spool):
            raise IncompleteBodyError(f"{answer}: the last line is not whole")

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
