"""The page of all settings and the file `.env.example`, made from the settings."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tools.generated import ROOT
from tools.settings import PLUGINS, Setting, settings

PAGE: Final = ROOT / "docs" / "settings.md"
ENVIRONMENT: Final = ROOT / ".env.example"

_PAGE_HEAD: Final = """# Settings

Made from the code by `make docs`.

In Meltano, a setting is under `config` of the plugin, or an environment variable, or in the file `.env` of the
project; `meltano config set tap-iterable` asks for all of them. Without Meltano, a setting is in the JSON file that
`--config` names, or, with `--config=ENV`, in the same environment variable. Arrays and objects are JSON there.
[`.env.example`](../.env.example) lists all variables: copy it to `.env` and fill in what you need.

Which environment variables are read:

- In Meltano, those of the settings that the plugin's definition declares. Definitions from `meltano add` and those in
  the examples declare all settings.
- With `--config FILE` none, unless `--config=ENV` follows; then they override the file. A warning names variables that
  are set without effect, and those that name no setting.
- `TARGET_ITERABLE_DRY_RUN` always, however the target is run: if it is true, the run is a dry run, whatever the
  settings say. It is true for `true`, `1`, `yes` and `on`, and false for `false`, `0`, `no`, `off` and an empty text.
  Any other value is refused, and so is a misspelt name of this variable. Permissions such as `allow_destructive` cannot
  be given in this way.
- `TAP_ITERABLE_LOGLEVEL` and `TARGET_ITERABLE_LOGLEVEL` always: the level of the plugin's log, `DEBUG`, `INFO`,
  `WARNING`, `ERROR` or `CRITICAL`. In Meltano a plugin can be quieter than `meltano --log-level` says, and not louder:
  [operations.md](operations.md#how-much-is-logged) has examples.

A value that makes no sense, or an unknown setting, ends the run before it has read or written anything; the error names
the setting. So does a path where something else exists already, such as a folder in place of a file. Paths are relative
to the folder that the plugin runs in.
"""
_ENVIRONMENT_HEAD: Final = """\
# Made from the code by `make docs`. Copy it to `.env`, which Meltano and both plugins read, and fill in what you need.
# Lines that begin with `#` and a name show defaults. Secrets do not belong into Git: `.env` is ignored there.
"""


def files() -> dict[Path, str]:
    """Both files."""
    page = [_PAGE_HEAD, *(f"## {plugin.name}\n\n{_table(settings(plugin))}" for plugin in PLUGINS)]
    blocks = [block for plugin in PLUGINS for block in (f"# {plugin.name}\n", *map(_block, settings(plugin)))]
    return {PAGE: "\n".join(page), ENVIRONMENT: "\n".join([_ENVIRONMENT_HEAD, *blocks])}


def _table(listed: list[Setting]) -> str:
    head = ["| setting | environment variable | takes | default | what it does |", "| --- | --- | --- | --- | --- |"]
    return "\n".join([*head, *map(_row, listed)]) + "\n"


def _row(setting: Setting) -> str:
    default = "required" if setting.required else f"`{setting.default}`" if setting.default else ""
    cells = (f"`{setting.name}`", f"`{setting.variable}`", setting.type, default, setting.description)
    return f"| {' | '.join(cells)} |"


def _block(setting: Setting) -> str:
    return "\n".join(_lines(setting)) + "\n"


def _lines(setting: Setting) -> Iterator[str]:
    text = f"{setting.title} ({setting.type.replace('`', '')}): {setting.description}"
    yield from textwrap.wrap(text, 110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
    yield f"{'' if setting.required else '#'}{setting.variable}={_quoted(setting.default)}"


def _quoted(value: str) -> str:
    return f"'{value}'" if set(value) & set(' "{}[]%') else value
