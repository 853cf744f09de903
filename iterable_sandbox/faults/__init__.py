"""Fault injection: the kinds of faults, and which requests get them."""

from iterable_sandbox.faults.fault_plan import FaultPlan, PlannedFault, read_fault
from iterable_sandbox.faults.kinds import Fault

__all__ = ["Fault", "FaultPlan", "PlannedFault", "read_fault"]
