"""Faults on demand: which there are, and when they strike."""

from iterable_sandbox.faults.fault_plan import Faults, Planned, read_fault
from iterable_sandbox.faults.kinds import Fault

__all__ = ["Fault", "Faults", "Planned", "read_fault"]
