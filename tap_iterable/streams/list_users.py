"""Who is on which list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from singer_sdk.helpers.types import Context

from iterable_api.client import Params
from iterable_api.identity import ProjectType
from tap_iterable.records import Record
from tap_iterable.streams.piecewise import PiecewiseStream
from tap_iterable.streams.resources import array_in

LISTS: Final = "/api/lists"
MEMBERS: Final = "/api/lists/getUsers"

LAST: Final = "last_list_id"
MISSING: Final = "missing_list_ids"


class ListUsersStream(PiecewiseStream):
    """One row per list and member, one list after the other.

    Iterable sends one identifier a line, in another order each time, and may break off; so each answer is
    read whole before its first row. The state of an interrupted run says how far it came, in one number,
    and the next run goes on there.
    """

    name = "list_users"
    primary_keys = ("listId", "member")
    selected_by_default = False
    endpoints = (LISTS, MEMBERS)
    cost = "1 request per list"
    piece = "List"
    remedy = "Run again, or name them in `excluded_list_ids`."

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """Members of all lists that the settings choose."""
        chosen = self._chosen()
        todo = self._still_to_read(chosen)
        if len(todo) < len(chosen):
            self.incomplete()
            self.logger.info("Going on after the %d lists that an interrupted run has read", len(chosen) - len(todo))
        for done, list_id in enumerate(todo, start=1):
            yield from self.rows_of(list_id, self._members(list_id))
            self._remember(list_id)
            self.logger.info("List %d of %d is read", done, len(todo))
        for entry in (LAST, MISSING):
            self.stream_state.pop(entry, None)

    def _chosen(self) -> list[int]:
        excluded = set(self.config["excluded_list_ids"])
        ids = self.config["list_ids"] or [row["id"] for row in array_in(self.client.get_json(LISTS), "lists", LISTS)]
        return sorted(set(ids) - excluded)

    def _still_to_read(self, chosen: list[int]) -> list[int]:
        last = self.stream_state.get(LAST, 0)
        missing = set(self.stream_state.get(MISSING, ()))
        return [list_id for list_id in chosen if list_id > last or list_id in missing]

    def _remember(self, list_id: int) -> None:
        """Put into the state what was read; STATE is written at once, but in BATCH mode only with the file."""
        state = self.stream_state
        state[LAST] = max(list_id, state.get(LAST, 0))
        state[MISSING] = sorted(set(state.get(MISSING, ())) - {list_id} | self.missing)
        if self.get_batch_config(self.config) is None:
            self.tap.state_writer.write_state(self.tap_state)

    def _members(self, list_id: int) -> Iterator[Record]:
        project_type = ProjectType(self.config["project_type"])
        params: Params = {"listId": list_id}
        if project_type is ProjectType.HYBRID:
            params = {**params, "preferUserId": "true"}
        for line in self.lines(MEMBERS, params):
            if member := line.decode().strip("\r\n"):
                yield {"listId": list_id, "member": member, identifier(project_type, member): member}


def identifier(project_type: ProjectType, name: str) -> str:
    """What `name` is. A hybrid project's users go by their userId, or by the address if they have none."""
    if project_type is ProjectType.HYBRID:
        return "email" if "@" in name else "userId"
    return project_type.value
