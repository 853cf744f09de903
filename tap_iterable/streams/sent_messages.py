"""All messages that were sent to chosen users."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

from iterable_api.errors import IncompleteBodyError, UnreadableAnswerError
from iterable_api.facts import timestamps
from iterable_api.http.api_request import Params
from tap_iterable.export.json_answers import rows_in
from tap_iterable.records.record_shape import Record
from tap_iterable.streams.chosen_users import ChosenUsersStream

PATH: Final = "/api/users/getSentMessages"
MOST: Final = 1000
"""Messages in one answer, at most; by default there are 10."""
_SECOND: Final = timedelta(seconds=1)


class SentMessagesStream(ChosenUsersStream):
    """The messages to the users of a setting. Messages of the log name the position there, not the user."""

    name = "sent_messages"
    primary_keys = ("messageId",)
    endpoints = (PATH,)
    cost = "1 request per user and 1,000 messages"

    def records_of(self, column: str, user: str) -> Iterator[Record]:
        """All messages of one user."""
        found: dict[Any, dict[str, Any]] = {}
        params: Params = {column: user, "limit": MOST}
        while True:
            rows = rows_in(self.client.get_json(PATH, params=params), "messages", PATH, "messageId")
            fresh = {row["messageId"]: row for row in rows if row["messageId"] not in found}
            found |= fresh
            if len(rows) < MOST:
                break
            if not fresh:
                raise IncompleteBodyError(
                    f"{PATH}: more than {MOST} messages in one second, of which the rest is missing"
                )
            params = {**params, "endDateTime": _before(rows)}
        for row in found.values():
            yield {column: user, **self.record(row)}


def _before(rows: Iterable[dict[str, Any]]) -> str:
    """The end of the range for the messages that are older.

    Iterable sends the newest first, and those of the oldest second may not all have come.

    Raises:
        UnreadableAnswerError: if a message has no time.
    """
    moments = [timestamps.parse(row["createdAt"]) if isinstance(row.get("createdAt"), str) else None for row in rows]
    known = [moment for moment in moments if moment is not None]
    if len(known) < len(moments):
        raise UnreadableAnswerError(f"{PATH} answered with a message without a `createdAt`")
    return f"{timestamps.to_export_bound(min(known) + _SECOND)} +00:00"
