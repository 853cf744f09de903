"""The resume mark of `list_users`: the last list that an interrupted run has read, as an entry of the state.

All members of the entry are always written, also when the run has ended. States of several runs may be merged, as
Meltano does with `--merge-state`, and a member that is not written would keep its old value there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from iterable_api.facts import timestamps

STATE_KEY: Final = "resume"
"""Key of the mark in the state of the stream."""
SELECTION_SETTINGS: Final = ("list_ids", "excluded_list_ids", "project_type")
"""Settings that decide which lists are read, and how."""


@dataclass(frozen=True)
class ResumeMark:
    """Progress of a run that reads lists in order of their ids.

    Attributes:
        run: the beginning of the run in RFC 3339, which names it. A run that goes on with it keeps the name.
        choice: a hash of the settings that decide which lists are read.
        last: the id of the last list that was read or given up; 0 if there is none.
        missing: ids of lists up to `last` that could not be read.
    """

    run: str
    choice: str
    last: int = 0
    missing: frozenset[int] = frozenset()

    @classmethod
    def new(cls, config: Mapping[str, Any]) -> ResumeMark:
        """The mark of a new run."""
        return cls(timestamps.to_rfc3339(datetime.now(UTC)), _settings_hash(config))

    @classmethod
    def unfinished(cls, state: Mapping[str, Any], config: Mapping[str, Any]) -> ResumeMark | None:
        """The mark of an interrupted run with the same choice of lists, read from the state; None if there is none."""
        saved = state.get(STATE_KEY)
        if (
            not isinstance(saved, Mapping)
            or saved.get("done") is not False
            or saved.get("choice") != _settings_hash(config)
        ):
            return None
        run, last, missing = saved.get("run"), saved.get("last_list_id"), saved.get("missing_list_ids")
        if not isinstance(run, str) or not isinstance(last, int) or not isinstance(missing, list):
            return None
        return cls(run, saved["choice"], last, frozenset(missing))

    def todo(self, lists: Iterable[int]) -> list[int]:
        """The lists that are still to be read, in order."""
        return [list_id for list_id in sorted(lists) if list_id > self.last or list_id in self.missing]

    def after(self, list_id: int, *, read: bool) -> ResumeMark:
        """The mark after a list was read, or could not be read."""
        missing = self.missing - {list_id} if read else self.missing | {list_id}
        return replace(self, last=max(list_id, self.last), missing=missing)

    def to_state(self) -> dict[str, Any]:
        """The entry of the state while the run lasts."""
        return {
            "run": self.run,
            "choice": self.choice,
            "done": False,
            "last_list_id": self.last,
            "missing_list_ids": sorted(self.missing),
        }

    def finished(self) -> dict[str, Any]:
        """The entry of the state at the end of the run."""
        return {**self.to_state(), "done": True, "last_list_id": None, "missing_list_ids": []}


def _settings_hash(config: Mapping[str, Any]) -> str:
    text = json.dumps([config.get(name) for name in SELECTION_SETTINGS])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
