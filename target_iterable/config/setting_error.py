"""Settings that make no sense, told with the nearest thing that would."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from singer_sdk.exceptions import ConfigValidationError


class SettingError(ConfigValidationError):
    """A setting that makes no sense. The text names it and what it may be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, errors=[message])


def refuse(problem: str | None) -> None:
    """Do nothing if there is no problem.

    Raises:
        SettingError: if there is one.
    """
    if problem is not None:
        raise SettingError(problem)


def one_of(valid: Iterable[str], value: object, place: str, what: str = "value") -> str:
    """`value`, if it is one of `valid`.

    Raises:
        SettingError: with the nearest name that is valid, and all of them.
    """
    names = list(valid)
    if value in names:
        return str(value)
    raise SettingError(
        f"`{place}` has the unknown {what} {value!r}.{did_you_mean(str(value), names)} It can be {', '.join(names)}."
    )


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """A question with the nearest valid name, if one is near, and a blank before it."""
    nearest = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""
