"""What tests ask of a running sandbox: in this process, in another one, or on another machine."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode

from iterable_sandbox.project.request_log import Entry
from iterable_sandbox.rules.settings import DEFAULT_API_KEY
from iterable_sandbox.wire.control_client import ControlClient

Record = dict[str, Any]


class SandboxClient:
    """Client of the sandbox that runs at a URL. `Sandbox`, which runs in this process, has the same methods.

        with SandboxClient("http://127.0.0.1:8000") as sandbox:
            assert sandbox.user("ana@example.com")["plan"] == "gold"

    Every method raises `ValueError` if the sandbox refuses what it is asked, with the name of the parameter, and
    `requests.RequestException` if no sandbox answers.

    Attributes:
        url: address of the sandbox.
        api_key: server-side key of its project.
    """

    def __init__(self, url: str, api_key: str = DEFAULT_API_KEY) -> None:
        self._connect(url, api_key)

    def _connect(self, url: str, api_key: str) -> None:
        self.url = url
        self.api_key = api_key
        self._control = ControlClient(url, api_key)

    def user(self, identifier: str) -> Record | None:
        """Profile of a user, by address (in any case) or userId, as an export has it; None if there is none.

        Iterable's own fields have dotted keys there, such as `itblInternal.emailDomain`.
        """
        found: Record | None = self._control.request("POST", "/_sandbox/user", {"user": identifier})["user"]
        return found

    def events(self, data_type: str, user: str | None = None) -> list[Record]:
        """Events of a data type such as `customEvent`, as an export has them, in the order in which they were written.

        `user` is an address or a userId: only events of this user, and none if there is no such user.
        """
        asked: dict[str, Any] = {"dataType": data_type, "user": user}
        return self._all("events", asked, "before")[::-1]

    def members(self, list_: int | str) -> list[str]:
        """Members of a list, which is given by its id or its name: their identifiers, sorted.

        These are addresses in e-mail-based projects, and userIds in others where a member has one.
        """
        first, other = ("email", "user_id") if self.counts()["projectType"] == "email" else ("user_id", "email")
        return sorted(row[first] or row[other] for row in self._all("members", {"list": list_}, "after"))

    def counts(self) -> dict[str, Any]:
        """Numbers of users, events, list members and so on, as `GET /_sandbox/state` shows them."""
        counts: dict[str, Any] = self._control.request("GET", "/_sandbox/state")
        return counts

    def requests(self, route: str = "*") -> list[Entry]:
        """Logged requests, oldest first. `route` is a glob of method and path, such as `POST /api/users/*`."""
        rows = self._control.request("GET", f"/_sandbox/requests?{urlencode({'route': route})}")["requests"]
        return [Entry(**row) for row in rows]

    def advance(self, duration: timedelta | float) -> datetime:
        """Let time pass: limits refill, delayed writes and scheduled sends take effect. Return the new time.

        `duration` is a `timedelta`, or seconds from 0 to a century.
        """
        seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
        return self._moved({"advance": seconds})

    def set_time(self, moment: datetime) -> datetime:
        """Set the clock to a time with a time zone, from 1970 to 9998; it goes on from there. Return the new time."""
        return self._moved({"set": moment.isoformat()})

    def load(self, data_type: str, records: Path | str | Iterable[Mapping[str, Any]]) -> int:
        """Store records as an export has them, or a file with one on each line; return their number.

        `data_type` is `user`, or one of events; load users before their events. A record without `profileUpdatedAt`
        or `createdAt` gets the time of the sandbox. All are stored, or none. Nothing is sent to webhooks.
        """
        is_file = isinstance(records, Path | str)
        lines = Path(records).read_bytes() if is_file else _lines(records)  # type: ignore[arg-type]  # narrowed above
        path = f"/_sandbox/load?dataType={quote(data_type)}"
        loaded: int = self._control.request("POST", path, data=lines)["loaded"]
        return loaded

    def seed(
        self, *, users: int = 500, events: int = 6_000, days: int = 60, seed: int = 1, until: datetime | None = None
    ) -> None:
        """Fill an empty project: users, lists, campaigns, catalogs, and at least so many events.

        They happened in the `days` before `until`, which is the time of the sandbox if it is left out. Equal arguments
        make equal projects.
        """
        body: dict[str, Any] = {"users": users, "events": events, "days": days, "seed": seed}
        if until is not None:
            body["until"] = until.isoformat()
        self._control.request("POST", "/_sandbox/seed", body)

    def close(self) -> None:
        """Close the connections to the sandbox."""
        self._control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _moved(self, change: dict[str, Any]) -> datetime:
        return datetime.fromisoformat(self._control.request("POST", "/_sandbox/clock", change)["now"])

    def _all(self, what: str, asked: Mapping[str, Any], cursor: str) -> list[Record]:
        """Rows of all pages."""
        rows: list[Record] = []
        place: dict[str, Any] = {}
        while True:
            page = self._control.request("POST", f"/_sandbox/{what}", {**asked, **place})
            rows += page[what]
            if page["next"] is None:
                return rows
            place = {cursor: page["next"]}


def _lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    return "\n".join(json.dumps(dict(record)) for record in records).encode()
