"""The tables of docs/seeing.md: options of `iterable-runs serve`, and the conditions of alerts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from iterable_runs.alerts.conditions import CONDITIONS
from iterable_runs.cli import serve_command
from tools.generated import ROOT, filled
from tools.webhooks import option_table

PAGE: Final = ROOT / "docs" / "seeing.md"


def files() -> dict[Path, str]:
    """The page with its tables up to date."""
    page = filled(PAGE.read_text(), "<!-- made: options -->\n", option_table(serve_command))
    return {PAGE: filled(page, "<!-- made: conditions -->\n", "\n".join(_conditions()) + "\n")}


def _conditions() -> Iterator[str]:
    yield "| `alert_on` | of | when it holds |"
    yield "| --- | --- | --- |"
    for name, condition in CONDITIONS.items():
        forms = ", ".join(f"`{form}`" for form in condition.forms or (name,))
        yield f"| {forms} | {', '.join(condition.of)} | {condition.meaning} |"
