"""Who is in which list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from singer_sdk import StreamSchema
from singer_sdk.helpers.types import Context

from iterable_api.client import Params
from iterable_api.identity import ProjectType
from tap_iterable.export.download import spooled
from tap_iterable.records import Record
from tap_iterable.schemas import SCHEMAS
from tap_iterable.streams.base import IterableStream

PATH: Final = "/api/lists/getUsers"


class ListUsersStream(IterableStream):
    """One row per list and member, one list after the other; five lists a minute are allowed.

    Iterable sends one identifier a line, in another order each time, and may break off; so each
    answer is read whole before its first row.
    """

    name = "list_users"
    schema = StreamSchema(SCHEMAS)
    primary_keys = ("listId", "member")

    def read(self, context: Context | None) -> Iterable[Record]:  # noqa: ARG002 (the SDK's signature)
        """Members of all lists."""
        lists = [entry["id"] for entry in self.client.get_json("/api/lists")["lists"]]
        for done, list_id in enumerate(lists, start=1):
            yield from self._members(list_id)
            self.logger.info("List %d of %d is read", done, len(lists))

    def _members(self, list_id: int) -> Iterator[Record]:
        project_type = ProjectType(self.config["project_type"])
        params: Params = {"listId": list_id}
        if project_type is ProjectType.HYBRID:
            params = {**params, "preferUserId": "true"}
        directory = self.config.get("spool_directory")
        with spooled(self.client, PATH, params, Path(directory) if directory else None) as spool:
            for line in spool:
                if member := line.decode().strip("\r\n"):
                    yield {"listId": list_id, "member": member, _column(project_type, member): member}


def _column(project_type: ProjectType, member: str) -> str:
    """A hybrid project's line is a userId, or the address of a user who has none."""
    if project_type is ProjectType.HYBRID:
        return "email" if "@" in member else "userId"
    return project_type.value
