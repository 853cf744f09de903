"""Members of lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import IO, Any, Final

from singer_sdk.helpers.types import Context

from iterable_api.facts.identity import ProjectType
from iterable_api.http.api_request import Params
from tap_iterable.export.content_check import beginning, first_value, no_rows_error
from tap_iterable.export.json_answers import form_of, rows_in
from tap_iterable.records.record_shape import Record
from tap_iterable.stream_types.partitioned_stream import PartitionedStream
from tap_iterable.stream_types.resume_mark import STATE_KEY, ResumeMark

LISTS: Final = "/api/lists"
MEMBERS: Final = "/api/lists/getUsers"

OLD_MARK: Final = "last_list_id"
"""Key of the progress of an interrupted run in states of the first versions. It may be there although the run ended."""

_WANTED: Final = "member of the list"
_MARKUP: Final = re.compile(rb"<[!?a-zA-Z]")


class ListUsersStream(PartitionedStream):
    """One row per list and member, one list after the other.

    Iterable sends one identifier a line, in another order each time, and may break off; so each answer is
    read whole before its first row. An interrupted run leaves a resume mark in the state, and the next run goes
    on there, if it reads the same lists.
    """

    name = "list_users"
    primary_keys = ("listId", "member")
    is_costly = True
    endpoints = (LISTS, MEMBERS)
    cost = "1 request per list"
    partition = "List"
    remedy = "Run again, or name them in `excluded_list_ids`."

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """Members of all lists that the settings select."""
        selected = self._selected_lists()
        mark = self._first_mark()
        todo = mark.todo(selected)
        if len(todo) < len(selected):
            self.incomplete()
            read = len(selected) - len(todo)
            self.logger.info("Going on after the %d lists that the run of %s has read", read, mark.run)
        self._write_mark(mark.to_state())
        self.announce(len(todo), MEMBERS)
        for done, list_id in enumerate(todo, start=1):
            yield from self.rows_of(list_id, self._members(list_id))
            mark = mark.after(list_id, read=list_id not in self.missing)
            self._write_mark(mark.to_state())
            self.logger.info("List %d of %d is read", done, len(todo))
        self.stream_state[STATE_KEY] = mark.finished()

    def _selected_lists(self) -> set[int]:
        excluded = set(self.config["excluded_list_ids"])
        ids = self.config["list_ids"] or [
            row["id"] for row in rows_in(self.client.get_json(LISTS), "lists", LISTS, "id")
        ]
        return set(ids) - excluded

    def _first_mark(self) -> ResumeMark:
        """The mark of the interrupted run to go on with, or a new one. Marks without their lists are not used."""
        unfinished = ResumeMark.unfinished(self.stream_state, self.config)
        if unfinished is None and OLD_MARK in self.stream_state and STATE_KEY not in self.stream_state:
            self.logger.warning(
                "The state of list_users is of an earlier version, which does not tell whether its run has come to an "
                "end: all lists are read"
            )
        return unfinished or ResumeMark.new(self.config)

    def _write_mark(self, saved: dict[str, Any]) -> None:
        """Put the mark into the state; STATE is written at once, but in BATCH mode only with the file."""
        self.stream_state[STATE_KEY] = saved
        if self.get_batch_config(self.config) is None:
            self.tap.state_writer.write_state(self.tap_state)

    def _members(self, list_id: int) -> Iterator[Record]:
        project_type = ProjectType(self.config["project_type"])
        params: Params = {"listId": list_id}
        if project_type is ProjectType.HYBRID:
            params = {**params, "preferUserId": "true"}
        for line in self.lines(MEMBERS, params, self._check):
            if member := line.decode().strip("\r\n"):
                yield {"listId": list_id, "member": member, identifier_column(project_type, member): member}

    def _check(self, spool: IO[bytes], name: str) -> None:
        """Check that an answer can be identifiers, one a line. A userId may have nearly any form, an address not."""
        if _MARKUP.match(beginning(spool)):
            raise no_rows_error(spool, name, "HTML or XML", _WANTED)
        value = first_value(spool)
        if value is None or isinstance(value, dict | list):
            raise no_rows_error(spool, name, form_of(value), _WANTED)
        if ProjectType(self.config["project_type"]) is ProjectType.EMAIL and not _has_address(spool):
            raise no_rows_error(spool, name, "text", _WANTED)


def _has_address(spool: IO[bytes]) -> bool:
    """Whether an answer has an address, or no line at all."""
    lines = (line for line in spool if not line.isspace())
    first = next(lines, b"@")
    found = b"@" in first or any(b"@" in line for line in lines)
    spool.seek(0)
    return found


def identifier_column(project_type: ProjectType, name: str) -> str:
    """The column for `name`. In a hybrid project that is the userId, or the address of users without one."""
    if project_type is ProjectType.HYBRID:
        return "email" if "@" in name else "userId"
    return project_type.value
