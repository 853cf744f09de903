"""Secrets from the environment and from files. None is ever taken from the command line, where others can see it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from iterable_webhooks.settings.receiver import DEFAULT_PROJECT, SettingError

VARIABLE: Final = "ITERABLE_WEBHOOKS_SECRET"
"""The secret of all projects that have none of their own: those are in this name, `_` and the project's name."""

API_KEY_VARIABLE: Final = "ITERABLE_WEBHOOKS_API_KEY"

_LEAST_LENGTH: Final = 16
_SECRET: Final = re.compile(r"[!-~]+")


def read_secrets(
    projects: Sequence[str], files: Sequence[str], environment: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """The secrets of each project; without projects, those of `DEFAULT_PROJECT`.

    There may be several, by blanks in a variable and by lines in a file, so that one can be changed without a gap.

    Args:
        projects: the names of the projects.
        files: paths of files with secrets for all projects, or `PROJECT=PATH`.
        environment: the variables of the environment.

    Raises:
        SettingError: if a file cannot be read, if it is for no project, or if a secret cannot be one.
    """
    names = tuple(projects) or (DEFAULT_PROJECT,)
    common = _of_variable(VARIABLE, environment)
    own = {name: _of_variable(_variable(name), environment) for name in names}
    for entry in files:
        project, path = _place(entry, names)
        found = _of_file(path)
        if project is None:
            common += found
        else:
            own[project] += found
    return {name: own[name] or common for name in names}


def read_api_key(path: str | None, environment: Mapping[str, str]) -> str:
    """The key of Iterable's API: from a file, if one is named, else from `API_KEY_VARIABLE`.

    Raises:
        SettingError: if there is none, or if the file cannot be read.
    """
    key = environment.get(API_KEY_VARIABLE, "") if path is None else _text_of_file("api-key-file", path)
    if not _SECRET.fullmatch(key.strip()):
        raise SettingError(f"`api-key` is not set: give it by {API_KEY_VARIABLE}, or by a file of `api-key-file`.")
    return key.strip()


def _variable(project: str) -> str:
    return f"{VARIABLE}_{project.upper().replace('-', '_')}"


def _of_variable(name: str, environment: Mapping[str, str]) -> tuple[str, ...]:
    return _checked(name, environment.get(name, "").split())


def _place(entry: str, projects: Sequence[str]) -> tuple[str | None, str]:
    project, is_own, path = entry.partition("=")
    if not is_own:
        return None, entry
    if project not in projects:
        raise SettingError(f"`secret-file` is for {project!r}, which is none of the projects.")
    return project, path


def _of_file(path: str) -> tuple[str, ...]:
    return _checked(f"secret-file {path}", _text_of_file("secret-file", path).split())


def _text_of_file(setting: str, path: str) -> str:
    try:
        return Path(path).read_text("ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise SettingError(f"`{setting}` {path!r} cannot be read: {reason}.") from None


def _checked(source: str, secrets: Sequence[str]) -> tuple[str, ...]:
    for secret in secrets:
        if len(secret) < _LEAST_LENGTH or not _SECRET.fullmatch(secret):
            raise SettingError(f"`{source}`: a secret has {_LEAST_LENGTH} visible ASCII characters at least.")
    return tuple(secrets)
