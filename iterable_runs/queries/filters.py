"""Which runs are asked for, and pages of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from iterable_runs.queries.answers import Run


@dataclass(frozen=True)
class RunFilter:
    """Conditions on runs; those that are empty let all through. `status` is a key of `STATUSES`."""

    plugin: str = ""
    pipeline: str = ""
    status: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether there is a condition."""
        return bool(self.as_query())

    def as_query(self) -> dict[str, str]:
        """The conditions as parameters of a URL."""
        given = {"plugin": self.plugin, "pipeline": self.pipeline, "status": self.status}
        return {name: value for name, value in given.items() if value}


@dataclass(frozen=True)
class RunPage:
    """Some runs, the latest first, and the marks at which newer and older ones begin; None where there are none."""

    runs: Sequence[Run]
    newer: str | None
    older: str | None
