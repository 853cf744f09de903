"""Settings that can change while the sandbox runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, fields, replace
from typing import Any, Final

from pydantic import TypeAdapter

from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.wire import typed_json

FIXED: Final = frozenset({"project_type", "project_id", "api_key", "keys", "log_personal_data"})
"""Settings that are fixed when the sandbox starts."""

_CHANGEABLE: Final = {field.name for field in fields(Settings)} - FIXED
_SETTINGS: Final = TypeAdapter(Settings)
_OBJECT: Final = TypeAdapter(dict[str, Any])


def as_json(settings: Settings) -> dict[str, Any]:
    """Settings that can be changed, with their values, as JSON."""
    return {name: value for name, value in _SETTINGS.dump_python(settings, mode="json").items() if name in _CHANGEABLE}


def checked(settings: Settings) -> Settings:
    """Settings that were given in Python, after the same checks as those in JSON.

    Raises:
        ValueError: a setting has an invalid value; the message names each one.
    """
    return typed_json.read(_SETTINGS, json.dumps(asdict(settings), default=_as_json_value))


def with_changes(settings: Settings, text: bytes | str) -> Settings:
    """Copy of the settings with the changes of a JSON object.

    Raises:
        ValueError: a setting is unknown, fixed or has an invalid value; the message names each one.
    """
    requested = typed_json.read(_OBJECT, text)
    if others := requested.keys() - _CHANGEABLE:
        raise ValueError(f"{', '.join(sorted(others))}: no setting that can be changed while the sandbox runs")
    checked = typed_json.read(_SETTINGS, text)
    return replace(settings, **{name: getattr(checked, name) for name in requested})


def _as_json_value(value: object) -> object:
    """What `json.dumps` does not know, in a form that it does."""
    if isinstance(value, AbstractSet):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    return repr(value)
