"""Settings as they are given: in a file, as arguments, and in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from iterable_api.plugin import environment
from target_iterable.config.setting_error import SettingError

_DRY_RUN: Final = "dry_run"
_THRESHOLDS: Final = ("max_rejects", "max_removals")


def normalise(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings without nulls, which mean "not set", and with texts where JSON or YAML made other types of them.

    `dry_run` may be a text: Meltano hands it on as it was written, because the SDK would take any text for false.

    Raises:
        SettingError: if that text is neither true nor false.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if isinstance(create := given.get("create_new_fields"), bool):
        given["create_new_fields"] = str(create).lower()
    for name in _THRESHOLDS:
        if isinstance(count := given.get(name), int) and not isinstance(count, bool):
            given[name] = str(count)
    if isinstance(text := given.get(_DRY_RUN), str):
        given[_DRY_RUN] = _boolean(text, "")
    return given


def is_dry_run_requested(plugin: str) -> bool:
    """Whether an environment variable asks for a dry run. It overrides the settings.

    Raises:
        SettingError: for a variable that is neither true nor false.
    """
    names = environment.variable_names(plugin, _DRY_RUN)
    return any(_boolean(os.environ.get(name, ""), f": the environment variable {name} is not") for name in names)


def request_dry_run(plugin: str) -> None:
    """Make this process a dry run, by setting the environment variable."""
    os.environ[environment.variable_name(plugin, _DRY_RUN)] = "true"


def variable_warnings(
    plugin: str, properties: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any] | None
) -> Iterator[str]:
    """Warnings about environment variables without effect.

    Args:
        plugin: the name of the plugin.
        properties: the JSON Schema of each setting.
        given: the settings in the file of `--config`; None if the environment is read, too.

    Raises:
        SettingError: for a misspelt variable that seems to ask for a dry run.
    """
    for unknown in environment.unknown_variables(plugin, properties):
        if unknown.nearest == environment.variable_name(plugin, _DRY_RUN):
            raise SettingError(str(unknown))
        yield str(unknown)
    if given is not None:
        yield from environment.unused_variables(plugin, properties.keys() - {_DRY_RUN}, given)


def _boolean(text: str, source: str) -> bool:
    try:
        return environment.parse_boolean(text)
    except ValueError:
        raise SettingError(f"`dry_run` must be true or false{source}.") from None
