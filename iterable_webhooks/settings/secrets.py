"""Secrets from the environment and from files. None is ever taken from the command line, where others can see it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from iterable_webhooks.settings.receiver import DEFAULT_PROJECT, SettingError

VARIABLE: Final = "ITERABLE_WEBHOOKS_SECRET"
"""The secret of all projects that have none of their own: those are in this name, `_` and the project's name."""

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
    try:
        text = Path(path).read_text("ascii")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not ASCII"
        raise SettingError(f"`secret-file` {path!r} cannot be read: {reason}.") from None
    return _checked(f"secret-file {path}", text.split())


def _checked(source: str, secrets: Sequence[str]) -> tuple[str, ...]:
    for secret in secrets:
        if len(secret) < _LEAST_LENGTH or not _SECRET.fullmatch(secret):
            raise SettingError(f"`{source}`: a secret has {_LEAST_LENGTH} visible ASCII characters at least.")
    return tuple(secrets)
