"""The error for settings that make no sense."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from singer_sdk.exceptions import ConfigValidationError


class SettingError(ConfigValidationError):
    """A setting that makes no sense. The text names the setting and what it may be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, errors=[message])


def refuse(problem: str | None) -> None:
    """Raise an error if there is a problem.

    Raises:
        SettingError: with the text of the problem.
    """
    if problem is not None:
        raise SettingError(problem)


def one_of(valid: Iterable[str], value: object, setting: str, kind: str = "value") -> str:
    """Return `value`, if it is one of `valid`.

    Raises:
        SettingError: with the nearest valid name and all valid names.
    """
    names = list(valid)
    if value in names:
        return str(value)
    raise SettingError(
        f"`{setting}` has the unknown {kind} {value!r}.{did_you_mean(str(value), names)} It can be {', '.join(names)}."
    )


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """A question with the nearest valid name, after a space; empty if no name is near."""
    nearest = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f" Did you mean {nearest[0]!r}?" if nearest else ""
