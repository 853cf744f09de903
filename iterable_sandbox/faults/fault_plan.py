"""Faults that were requested, and how many requests got each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter

from iterable_sandbox.faults.kinds import AnyFault, Fault
from iterable_sandbox.wire import typed_json

_FAULT: Final = TypeAdapter[Fault](AnyFault, config=ConfigDict(extra="forbid"))


def read_fault(text: bytes | str) -> Fault:
    """Decode a fault from JSON.

    Raises:
        ValueError: there is no such fault, or a field is wrong; the message names each wrong field.
    """
    return typed_json.read(_FAULT, text)


@dataclass
class PlannedFault:
    """A requested fault.

    Attributes:
        seen: number of requests that matched its route and parameters.
        struck: number of requests that got the fault.
    """

    fault: Fault
    seen: int = 0
    struck: int = 0

    def fires(self, route: str, parameters: Mapping[str, list[str]]) -> bool:
        """Count a request, and return whether it gets the fault."""
        if self.struck == self.fault.times or not self._is_for(route, parameters):
            return False
        self.seen += 1
        hit = self.seen % self.fault.every == 0
        self.struck += hit
        return hit

    def as_json(self) -> dict[str, Any]:
        """JSON object of the fault and its counts."""
        return asdict(self.fault) | {"seen": self.seen, "struck": self.struck}

    def _is_for(self, route: str, parameters: Mapping[str, list[str]]) -> bool:
        carried = all(value in parameters.get(name, ()) for name, value in self.fault.where.items())
        return carried and fnmatchcase(route, self.fault.route)


class FaultPlan:
    """All requested faults. A request gets the oldest one that is due; the others stay for later requests."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def add(self, fault: Fault) -> PlannedFault:
        """Add a fault."""
        planned = PlannedFault(fault)
        self._planned.append(planned)
        return planned

    def clear(self) -> None:
        """Remove all faults."""
        self._planned.clear()

    def all(self) -> list[PlannedFault]:
        """List all faults, including the exhausted ones, oldest first."""
        return list(self._planned)

    def fault_for(self, route: str, parameters: Mapping[str, list[str]]) -> Fault | None:
        """Fault of a request, if any. `route` is its method and path template."""
        return next((planned.fault for planned in self._planned if planned.fires(route, parameters)), None)
