"""The table of the options of `iterable-runs serve`, made from the command."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from iterable_runs.cli import serve_command
from tools.generated import ROOT, filled
from tools.webhooks import option_table

PAGE: Final = ROOT / "docs" / "seeing.md"


def files() -> dict[Path, str]:
    """The page with its table up to date."""
    return {PAGE: filled(PAGE.read_text(), "<!-- made: options -->\n", option_table(serve_command))}
