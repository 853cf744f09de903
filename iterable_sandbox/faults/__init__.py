"""Faults on demand: which there are, and when they strike."""

from iterable_sandbox.faults.kinds import Fault
from iterable_sandbox.faults.plan import Faults, Planned, read_fault

__all__ = ["Fault", "Faults", "Planned", "read_fault"]
