"""The tables of settings in the README, made from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from iterable_api.settings import CONNECTION
from tap_iterable.settings import SCHEMA
from target_iterable.settings import SETTINGS
from tools.generated import ROOT, filled

README: Final = ROOT / "README.md"

Settings = Mapping[str, Mapping[str, Any]]


def tables() -> dict[str, str]:
    """The table of each place in the README."""
    return {
        "shared": _table(CONNECTION, required={"api_key"}),
        "tap": _table(_own(SCHEMA), required=set(SCHEMA["required"])),
        "target": _table(_own(SETTINGS), required=set(SETTINGS["required"])),
    }


def files() -> dict[Path, str]:
    """The README with its tables up to date."""
    page = README.read_text()
    for place, table in tables().items():
        page = filled(page, f"<!-- settings: {place} -->\n", table)
    return {README: page}


def _own(schema: Mapping[str, Any]) -> Settings:
    return {name: setting for name, setting in schema["properties"].items() if name not in CONNECTION}


def _table(settings: Settings, required: set[str]) -> str:
    rows = [_row(name, setting, required=name in required) for name, setting in settings.items()]
    return "\n".join(["| setting | default | |", "| --- | --- | --- |", *rows]) + "\n"


def _row(name: str, setting: Mapping[str, Any], *, required: bool) -> str:
    default = "required" if required else _default(setting)
    return f"| `{name}` | {default} | {setting['description']} |"


def _default(setting: Mapping[str, Any]) -> str:
    value = setting.get("default")
    if value in (None, {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
