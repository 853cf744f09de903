"""The tables of settings in the README, made from the settings."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from iterable_api.plugin.connection_settings import CONNECTION
from tap_iterable.tap import TapIterable
from target_iterable.target import TargetIterable
from tools.generated import ROOT, filled
from tools.settings import Setting, settings

README: Final = ROOT / "README.md"


def tables() -> dict[str, str]:
    """The table of each place in the README."""
    tap, target = settings(TapIterable), settings(TargetIterable)
    return {
        "shared": _table(setting for setting in tap if setting.name in CONNECTION),
        "tap": _table(setting for setting in tap if setting.name not in CONNECTION),
        "target": _table(setting for setting in target if setting.name not in CONNECTION),
    }


def files() -> dict[Path, str]:
    """The README with its tables up to date."""
    page = README.read_text()
    for place, table in tables().items():
        page = filled(page, f"<!-- settings: {place} -->\n", table)
    return {README: page}


def _table(listed: Iterable[Setting]) -> str:
    return "\n".join(["| setting | default | |", "| --- | --- | --- |", *map(_row, listed)]) + "\n"


def _row(setting: Setting) -> str:
    default = "required" if setting.required else f"`{setting.default}`" if setting.default not in ("", "{}") else ""
    return f"| `{setting.name}` | {default} | {setting.description} |"
