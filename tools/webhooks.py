"""The tables of the options of `iterable-webhooks`, made from its commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from iterable_webhooks.cli import serve_command, verify_command
from tools.generated import ROOT, filled

PAGE: Final = ROOT / "docs" / "webhooks.md"


_COMMANDS: Final[Mapping[str, click.Command]] = {"options": serve_command, "verify": verify_command}
"""By the marks of their tables."""
_HEAD: Final = ("| option | environment variable | default | what it does |", "| --- | --- | --- | --- |")


def files() -> dict[Path, str]:
    """The page with its tables up to date."""
    page = PAGE.read_text()
    for mark, command in _COMMANDS.items():
        page = filled(page, f"<!-- made: {mark} -->\n", option_table(command))
    return {PAGE: page}


def option_table(command: click.Command) -> str:
    """The table of a command's options."""
    return "\n".join([*_HEAD, *_rows(command)]) + "\n"


def _rows(command: click.Command) -> Iterator[str]:
    for option in command.params:
        if isinstance(option, click.Option):
            variable = f"`{option.envvar}`" if option.envvar else ""
            default = f"`{option.default}`" if option.show_default and not option.is_flag else ""
            yield f"| `{option.opts[0]}` | {variable} | {default} | {option.help} |"
