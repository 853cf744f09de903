"""The settings of both plugins as pages show them, read from what the plugins say about themselves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from singer_sdk.about import AboutInfo
from singer_sdk.plugin_base import PluginBase

from iterable_api.plugin import environment
from tap_iterable.tap import TapIterable
from target_iterable.target import TargetIterable

PLUGINS: Final[tuple[type[PluginBase], ...]] = (TapIterable, TargetIterable)

_TYPES: Final = {
    "string": "text",
    "integer": "whole number",
    "boolean": "`true` or `false`",
    "array": "JSON array",
    "object": "JSON object",
}


@dataclass(frozen=True)
class Setting:
    """One setting of one plugin."""

    plugin: str
    name: str
    schema: Mapping[str, Any]
    required: bool

    @property
    def variable(self) -> str:
        """The environment variable that sets it, for Meltano and for the plugin alone."""
        return environment.variable_name(self.plugin, self.name)

    @property
    def type(self) -> str:
        """What it takes, in words."""
        if "enum" in self.schema:
            return " or ".join(f"`{value}`" for value in self.schema["enum"])
        if self.schema.get("format") == "date-time":
            return "date"
        types = self.schema["type"] if isinstance(self.schema["type"], list) else [self.schema["type"]]
        return " or ".join(_TYPES[name] for name in types if name != "null")

    @property
    def default(self) -> str:
        """Its default as an environment variable would give it; empty if there is none."""
        value = self.schema.get("default")
        if value is None:
            return ""
        return value if isinstance(value, str) else json.dumps(value)

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.schema["title"])

    @property
    def description(self) -> str:
        """What it is for, on one line."""
        return " ".join(self.schema["description"].split())


def about(plugin: type[PluginBase]) -> AboutInfo:
    """What a plugin says about itself."""
    return plugin._get_about_info()  # noqa: SLF001 (what `--about` prints; there is no public call for it)


def settings(plugin: type[PluginBase]) -> list[Setting]:
    """All settings of a plugin, those of the SDK included, in the order of the schema."""
    schema = about(plugin).settings
    return [
        Setting(plugin.name, name, setting, required=name in schema["required"])
        for name, setting in schema["properties"].items()
    ]
