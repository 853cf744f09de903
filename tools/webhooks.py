"""The table of the receiver's options, made from its command."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from iterable_webhooks.cli import serve_command
from tools.generated import ROOT, filled

PAGE: Final = ROOT / "docs" / "webhooks.md"


def files() -> dict[Path, str]:
    """The page with its table up to date."""
    head = ["| option | environment variable | default | what it does |", "| --- | --- | --- | --- |"]
    return {PAGE: filled(PAGE.read_text(), "<!-- made: options -->\n", "\n".join([*head, *_rows()]) + "\n")}


def _rows() -> Iterator[str]:
    for option in serve_command.params:
        if isinstance(option, click.Option):
            default = f"`{option.default}`" if option.show_default and not option.is_flag else ""
            yield f"| `{option.opts[0]}` | `{option.envvar}` | {default} | {option.help} |"
