"""Meltano's definitions of both plugins and of the receiver, made from what they say about themselves."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import LiteralScalarString
from singer_sdk.plugin_base import PluginBase

from tap_iterable.streams.registry import PROJECT_STREAMS
from tap_iterable.tap import TapIterable
from target_iterable.objects.registry import OBJECTS
from target_iterable.target import TargetIterable
from tools import utility
from tools.generated import ROOT
from tools.settings import Setting, about, settings

PROJECT: Final = ROOT / "meltano.yml"
EXAMPLES: Final = ROOT / "examples"

_LABELS: Final[dict[type[PluginBase], tuple[str, str]]] = {
    TapIterable: ("extractors", "Messaging events, users, campaigns, lists and more, out of an Iterable project."),
    TargetIterable: (
        "loaders",
        f"{', '.join(OBJECTS).replace('_', ' ').capitalize()}, into an Iterable project, without losing a record.",
    ),
}
# Meltano selects everything, whatever the catalog says by default, so what is deselected must be said here.
_EXTRAS: Final[dict[type[PluginBase], dict[str, Any]]] = {
    TapIterable: {"select": ["*.*", *(f"!{stream.name}.*" for stream in PROJECT_STREAMS if stream.is_costly)]},
}
# Meltano hands settings to commands in the environment only.
_COMMANDS: Final[dict[type[PluginBase], dict[str, dict[str, str]]]] = {
    TapIterable: {
        "test": {
            "args": "--config=ENV --test",
            "description": "Check the settings, and the key with one cheap request.",
        },
    },
    TargetIterable: {
        "check": {
            "args": "--config=ENV --check",
            "description": "Check the settings, and with one request the key, the region and the type of the project.",
        },
        "propose-routes": {
            "args": "--config=ENV --propose-routes",
            "description": "Propose the setting `streams` for Singer messages, or for the catalog of a tap.",
        },
    },
}
_KEY_HINT: Final = (
    "Make a server-side key in Iterable under Integrations > API keys. A key belongs to one project in one data "
    "centre, which is the `region`."
)
_USAGE: Final[dict[type[PluginBase], str]] = {
    TapIterable: """\
Try the key with `meltano invoke tap-iterable:test`, which makes one cheap request. `meltano config test tap-iterable`
reads until the first record comes, which takes minutes in a project without data.

Choose streams with `meltano select tap-iterable email_open '*'`. Those that cost many requests are read only if they
are selected and `costly_streams` names them, too: lists' members, metrics, contents of templates, catalog items,
metadata and events of single users.

Iterable takes four export requests a minute for a whole project, so a first run over years is best done with
`export_mode: auto`, which lets Iterable write files where that is sooner. Processes that read the same project at the
same time should share a `rate_limit_store`.
""",
    TargetIterable: """\
Where a stream goes follows from its name, or from the setting `streams`:

    streams:
      "*-audience": {object: list_members, list: Loyal customers}

`meltano invoke target-iterable:propose-routes --input FILE` proposes that setting: FILE holds what a tap has
written, as by `meltano invoke tap-postgres > FILE`, or the catalog of its `--discover`.

Try the key, the region and the type of the project with `meltano invoke target-iterable:check`: it makes one request.

Begin with `TARGET_ITERABLE_DRY_RUN=true meltano run ...`: it checks all records and says what would be written and
rejected, and writes nothing.

Folders with personal data have a `.gitignore` of their own. Single files do not: put `ledger.db*` and
`iterable-runs.db*` into that of the project.

Each run notes itself in the history of runs: `iterable-runs list`, run in the project, shows it.

Rejected records are kept as Singer messages in `rejects_path`, with the reason beside each. Fix the cause, then send
them again with `meltano invoke target-iterable --input FILE`.
""",
}
# Meltano's project schema does not know this capability of targets, though its Hub does.
_UNKNOWN_TO_PROJECTS: Final = "validate-records"
# Meltano takes a boolean that it cannot read for false. A dry run that was misspelt would be a real one.
_READ_BY_THE_PLUGIN: Final = ("dry_run",)

_Collection = TypeVar("_Collection", CommentedMap, CommentedSeq)

_yaml = YAML()
_yaml.width = 4096  # a folded line would end with a blank
_yaml.indent(mapping=2, sequence=2, offset=0)


def definition(plugin: type[PluginBase]) -> dict[str, Any]:
    """A complete definition, fit for the Hub and for `meltano add --from-ref`."""
    said = about(plugin)
    return {
        "name": said.name,
        "namespace": said.name.replace("-", "_"),
        "label": "Iterable",
        "description": _LABELS[plugin][1],
        "domain_url": "https://iterable.com",
        "keywords": ["api", "meltano_sdk"],
        "maintenance_status": "active",
        "variant": "singer-iterable",
        "pip_url": plugin.package_name,
        "executable": said.name,
        "log_parser": "singer-sdk",
        "capabilities": sorted(capability.value for capability in said.capabilities),
        "commands": _COMMANDS[plugin],
        "settings_preamble": _KEY_HINT,
        "usage": LiteralScalarString(_USAGE[plugin]),
        "settings_group_validation": [sorted(said.settings["required"])],
        "settings": [_entry(setting) for setting in settings(plugin)],
        **_EXTRAS.get(plugin, {}),
    }


def project_entry(entry: CommentedMap, plugin: type[PluginBase], *, brief: bool = False) -> None:
    """Bring one plugin of a `meltano.yml` up to date; its `config` and `select` are left alone.

    There is no `pip_url`: the project runs the plugins of the environment that it is checked out in. What is brief
    declares all settings, which is what Meltano wants to hand them on, and leaves the rest to the plugin.
    """
    made = definition(plugin)
    made["capabilities"] = [name for name in made["capabilities"] if name != _UNKNOWN_TO_PROJECTS]
    made["commands"] = CommentedMap({name: CommentedMap(command) for name, command in made["commands"].items()})
    if brief:
        del made["settings_group_validation"]
        made["commands"] = CommentedMap({name: _in_a_line(command) for name, command in made["commands"].items()})
        made["capabilities"] = _in_a_line(CommentedSeq(made["capabilities"]))
        made["settings"] = [_in_a_line(_declared(setting)) for setting in made["settings"]]
    for name in ("namespace", "executable", "capabilities", "commands", "settings_group_validation", "settings"):
        if name in made:
            entry[name] = made[name]
            entry.move_to_end(name)
    for name in ("config", "select"):
        if name in entry:
            entry.move_to_end(name)


def files() -> dict[Path, str]:
    """Each file that is written here, with what must be in it."""
    wanted = {
        ROOT / "plugins" / kind / f"{plugin.name}.yml": _dump(definition(plugin))
        for plugin, (kind, _) in _LABELS.items()
    }
    receiver = {ROOT / "plugins" / "utilities" / f"{utility.NAME}.yml": _dump(utility.definition())}
    # Meltano includes nothing from outside of a project, so each example has definitions of its own.
    examples = {path: _project(path, brief=True) for path in sorted(EXAMPLES.glob("*/meltano.yml"))}
    return {**wanted, **receiver, PROJECT: _project(PROJECT), **examples}


def _project(path: Path, *, brief: bool = False) -> str:
    project = _yaml.load(path.read_text())
    for plugin, (kind, _) in _LABELS.items():
        for entry in project["plugins"][kind]:
            if entry["name"] == plugin.name:
                project_entry(entry, plugin, brief=brief)
    for entry in project["plugins"].get("utilities", ()):
        if entry["name"] == utility.NAME:
            _receiver_entry(entry)
    return _dump(project)


def _receiver_entry(entry: CommentedMap) -> None:
    """Bring the receiver of an example up to date, briefly; its `config` is left alone."""
    commands = CommentedMap({name: _in_a_line(CommentedMap(made)) for name, made in utility.commands().items()})
    declared = [_in_a_line(_declared(setting)) for setting in utility.settings()]
    made = {"executable": utility.EXECUTABLE, "commands": commands, "settings": declared}
    for name, value in made.items():
        entry[name] = value
        entry.move_to_end(name)
    if "config" in entry:
        entry.move_to_end("config")


def _declared(setting: Mapping[str, Any]) -> CommentedMap:
    """Name and kind of a setting, and whether it is secret. Which texts are allowed is told by the plugin itself."""
    kind = "string" if setting["kind"] == "options" else setting["kind"]
    secret = {"sensitive": True} if "sensitive" in setting else {}
    return CommentedMap({"name": setting["name"], "kind": kind, **secret})


def _in_a_line(value: _Collection) -> _Collection:
    value.fa.set_flow_style()
    return value


def _entry(setting: Setting) -> dict[str, Any]:
    is_read_by_the_plugin = setting.name in _READ_BY_THE_PLUGIN
    kind = "string" if is_read_by_the_plugin else _kind(setting.schema)
    entry: dict[str, Any] = {"name": setting.name, "label": setting.title, "kind": kind}
    if entry["kind"] == "options":
        entry["options"] = [{"label": value, "value": value} for value in setting.schema["enum"]]
    if "default" in setting.schema and not is_read_by_the_plugin:
        entry["value"] = setting.schema["default"]
    if setting.schema.get("secret"):
        entry["sensitive"] = True
    entry["description"] = setting.description
    return entry


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
