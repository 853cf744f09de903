"""Settings with Dagster's `EnvVar` in them: read when a run begins, and known as secrets from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import dagster as dg

_NUMBER: Final = type(dg.EnvVar.int("ANY"))
"""The type of variables with whole numbers. It is an `int` of its own, and 0 as such."""


class VariableMissingError(Exception):
    """Environment variables are not set where the run takes place, or are not what they must be."""


class Secrets:
    """Reads variables, and remembers their values."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def plain(self, value: Any) -> Any:
        """The value with the texts of variables in place of these, at any depth.

        Raises:
            VariableMissingError: if one is not set.
        """
        if isinstance(value, dg.EnvVar):
            return self._read(value)
        if isinstance(value, _NUMBER):
            return self._read_number(value.name)
        if isinstance(value, Mapping):
            return {name: self.plain(member) for name, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(member) for member in value]
        return value

    @property
    def values(self) -> frozenset[str]:
        """All values that were read."""
        return frozenset(self._values)

    def _read_number(self, name: str) -> int:
        try:
            return int(self._read(dg.EnvVar(name)))
        except ValueError:
            raise VariableMissingError(f"The environment variable {name} is no whole number.") from None

    def _read(self, variable: dg.EnvVar) -> str:
        value = variable.get_value()
        if value is None:
            raise VariableMissingError(f"The environment variable {variable.env_var_name} is not set for this run.")
        self._values.add(value)
        return value
