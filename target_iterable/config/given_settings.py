"""The settings as they are given: in a file, as arguments, and in the environment."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Final

from iterable_api.plugin import environment
from target_iterable.config.setting_error import SettingError

_DRY_RUN: Final = "dry_run"


def in_one_form(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Without nulls, which are settings that are not set; and what JSON and YAML take for something else as texts.

    `dry_run` may be a text: Meltano hands it on as it was written, since it would take any text for false.

    Raises:
        SettingError: if that text is neither true nor false.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    if isinstance(create := given.get("create_new_fields"), bool):
        given["create_new_fields"] = str(create).lower()
    for name in ("max_rejects", "max_removals"):
        if isinstance(most := given.get(name), int) and not isinstance(most, bool):
            given[name] = str(most)
    if isinstance(text := given.get(_DRY_RUN), str):
        given[_DRY_RUN] = _meant(text, "")
    return given


def asks_for_dry_run(plugin: str) -> bool:
    """Whether an environment variable asks for a dry run. That wins, whatever the other settings say.

    Raises:
        SettingError: for a variable that is neither true nor false.
    """
    names = environment.variable_names(plugin, _DRY_RUN)
    return any(_meant(os.environ.get(name, ""), f": the environment variable {name} is not") for name in names)


def ask_for_dry_run(plugin: str) -> None:
    """Let this process be one that was asked for a dry run."""
    os.environ[environment.variable_name(plugin, _DRY_RUN)] = "true"


def remarks(plugin: str, properties: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any] | None) -> Iterator[str]:
    """Sentences about environment variables without effect. `given` is what a file says, None if they are all read.

    Raises:
        SettingError: for a variable that can only be meant to ask for a dry run.
    """
    for one in environment.unknown_variables(plugin, properties):
        if one.nearest == environment.variable_name(plugin, _DRY_RUN):
            raise SettingError(str(one))
        yield str(one)
    if given is not None:
        yield from environment.unused_variables(plugin, properties.keys() - {_DRY_RUN}, given)


def _meant(text: str, where: str) -> bool:
    try:
        return environment.parse_boolean(text)
    except ValueError:
        raise SettingError(f"`dry_run` must be true or false{where}.") from None
