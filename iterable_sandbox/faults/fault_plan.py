"""The faults that were asked for, and how often each struck."""

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
    """A fault from its JSON.

    Raises:
        ValueError: if there is no such fault, naming each field that is wrong.
    """
    return typed_json.read(_FAULT, text)


@dataclass
class PlannedFault:
    """A fault, how many requests it was for, and how many of them it struck."""

    fault: Fault
    seen: int = 0
    struck: int = 0

    def fires(self, route: str, parameters: Mapping[str, list[str]]) -> bool:
        """Whether it strikes this request, which is counted."""
        if self.struck == self.fault.times or not self._is_for(route, parameters):
            return False
        self.seen += 1
        hit = self.seen % self.fault.every == 0
        self.struck += hit
        return hit

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self.fault) | {"seen": self.seen, "struck": self.struck}

    def _is_for(self, route: str, parameters: Mapping[str, list[str]]) -> bool:
        carried = all(value in parameters.get(name, ()) for name, value in self.fault.where.items())
        return carried and fnmatchcase(route, self.fault.route)


class FaultPlan:
    """All faults of a sandbox. Where several are due, the oldest strikes; the others wait for the next request."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def add(self, fault: Fault) -> PlannedFault:
        """Plan one more."""
        planned = PlannedFault(fault)
        self._planned.append(planned)
        return planned

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._planned.clear()

    def all(self) -> list[PlannedFault]:
        """All of them, also those that are spent."""
        return list(self._planned)

    def fault_for(self, route: str, parameters: Mapping[str, list[str]]) -> Fault | None:
        """The fault that strikes a request, given as method and template, and its parameters."""
        return next((planned.fault for planned in self._planned if planned.fires(route, parameters)), None)
