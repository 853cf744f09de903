"""Where a run that was interrupted stopped among the lists, as the state keeps it.

Every entry is always written, with a value that says so when it is over. States of several runs may be merged, as
Meltano does with `--merge-state`, and there an entry that is not written is the old one.
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
"""Under which name the stream's state keeps it."""
SELECTION_SETTINGS: Final = ("list_ids", "excluded_list_ids", "project_type")
"""Settings that say what is read, and how."""


@dataclass(frozen=True)
class ResumeMark:
    """How far a run came that reads lists in order of their ids.

    Attributes:
        run: when it began, in RFC 3339: its name. A run that goes on with it takes it over.
        choice: a hash of the settings that say what it reads.
        last: the id of the last list that was read or given up; 0 if there is none.
        missing: ids of lists up to there that could not be read.
    """

    run: str
    choice: str
    last: int = 0
    missing: frozenset[int] = frozenset()

    @classmethod
    def new(cls, config: Mapping[str, Any]) -> ResumeMark:
        """The mark of a run that begins."""
        return cls(timestamps.to_rfc3339(datetime.now(UTC)), _settings_hash(config))

    @classmethod
    def unfinished(cls, state: Mapping[str, Any], config: Mapping[str, Any]) -> ResumeMark | None:
        """What an interrupted run with the same choice of lists left in the stream's state; else None."""
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
        """The mark when a list was read, or could not be."""
        missing = self.missing - {list_id} if read else self.missing | {list_id}
        return replace(self, last=max(list_id, self.last), missing=missing)

    def saved(self) -> dict[str, Any]:
        """What the state keeps while the run lasts."""
        return {
            "run": self.run,
            "choice": self.choice,
            "done": False,
            "last_list_id": self.last,
            "missing_list_ids": sorted(self.missing),
        }

    def finished(self) -> dict[str, Any]:
        """What the state keeps when the run has come to its end: nothing to go on with."""
        return {**self.saved(), "done": True, "last_list_id": None, "missing_list_ids": []}


def _settings_hash(config: Mapping[str, Any]) -> str:
    text = json.dumps([config.get(name) for name in SELECTION_SETTINGS])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
