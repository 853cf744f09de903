"""Meltano's definitions of both plugins, made from what they say about themselves."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from singer_sdk.about import AboutInfo
from singer_sdk.plugin_base import PluginBase

from tap_iterable.streams import PROJECT_STREAMS
from tap_iterable.tap import TapIterable
from target_iterable.target import TargetIterable
from tools.generated import ROOT

PROJECT: Final = ROOT / "meltano.yml"

_LABELS: Final[dict[type[PluginBase], tuple[str, str]]] = {
    TapIterable: ("extractors", "Messaging events, users, campaigns, lists and more, out of an Iterable project."),
    TargetIterable: ("loaders", "Users, events, list members and catalog items, into an Iterable project."),
}
# Meltano selects everything, whatever the catalog says by default, so what is deselected must be said here.
_EXTRAS: Final[dict[type[PluginBase], dict[str, Any]]] = {
    TapIterable: {
        "select": ["*.*", *(f"!{stream.name}.*" for stream in PROJECT_STREAMS if not stream.selected_by_default)]
    },
    TargetIterable: {},
}
_KEY_HINT: Final = (
    "Make a server-side key in Iterable under Integrations > API keys. A key belongs to one project in one data "
    "centre, which is the `region`."
)
# Meltano's project schema does not know this capability of targets, though its Hub does.
_UNKNOWN_TO_PROJECTS: Final = "validate-records"

_yaml = YAML()
_yaml.width = 4096  # a folded line would end with a blank
_yaml.indent(mapping=2, sequence=2, offset=0)


def definition(plugin: type[PluginBase]) -> dict[str, Any]:
    """A complete definition, fit for `meltano add --from-ref`."""
    about = _about(plugin)
    return {
        "name": about.name,
        "namespace": about.name.replace("-", "_"),
        "label": "Iterable",
        "description": _LABELS[plugin][1],
        "domain_url": "https://iterable.com",
        "keywords": ["api", "meltano_sdk"],
        "maintenance_status": "active",
        "variant": "singer-iterable",
        "pip_url": plugin.package_name,
        "executable": about.name,
        "log_parser": "singer-sdk",
        "capabilities": sorted(capability.value for capability in about.capabilities),
        "settings_preamble": _KEY_HINT,
        "settings_group_validation": [sorted(about.settings["required"])],
        "settings": [_setting(name, schema) for name, schema in about.settings["properties"].items()],
        **_EXTRAS[plugin],
    }


def project_entry(entry: CommentedMap, plugin: type[PluginBase]) -> None:
    """Bring one plugin of `meltano.yml` up to date; its `config` and `select` are left alone.

    There is no `pip_url`: the project runs the plugins of the environment that it is checked out in.
    """
    made = definition(plugin)
    made["capabilities"] = [name for name in made["capabilities"] if name != _UNKNOWN_TO_PROJECTS]
    for name in ("namespace", "executable", "capabilities", "settings_group_validation", "settings"):
        entry[name] = made[name]
    for name in ("config", "select"):
        if name in entry:
            entry.move_to_end(name)


def files() -> dict[Path, str]:
    """Each file that is written here, with what must be in it."""
    wanted = {
        ROOT / "plugins" / kind / f"{plugin.name}.yml": _dump(definition(plugin))
        for plugin, (kind, _) in _LABELS.items()
    }
    return {**wanted, PROJECT: _project()}


def _project() -> str:
    project = _yaml.load(PROJECT.read_text())
    for plugin, (kind, _) in _LABELS.items():
        for entry in project["plugins"][kind]:
            if entry["name"] == plugin.name:
                project_entry(entry, plugin)
    return _dump(project)


def _about(plugin: type[PluginBase]) -> AboutInfo:
    return plugin._get_about_info()  # noqa: SLF001 (what `--about` prints; there is no public call for it)


def _setting(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    setting: dict[str, Any] = {"name": name, "label": schema.get("title", name.replace("_", " ").capitalize())}
    setting["kind"] = _kind(schema)
    if setting["kind"] == "options":
        setting["options"] = [{"label": value, "value": value} for value in schema["enum"]]
    if "default" in schema:
        setting["value"] = schema["default"]
    if schema.get("secret"):
        setting["sensitive"] = True
    setting["description"] = " ".join(schema.get("description", "").split())
    return setting


def _kind(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "options"
    if schema.get("format") == "date-time":
        return "date_iso8601"
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    kind = next(kind for kind in types if kind != "null")
    if kind == "number":
        raise ValueError("Meltano 4.4 cannot hand a decimal to a plugin: make the setting an integer")
    return str(kind)


def _dump(document: object) -> str:
    text = io.StringIO()
    _yaml.dump(document, text)
    return text.getvalue()
