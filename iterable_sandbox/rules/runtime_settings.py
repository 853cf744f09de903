"""Settings that can change while the sandbox runs."""

from __future__ import annotations

from dataclasses import fields, replace
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
