"""Environment variables of a plugin: their names, and warnings for those without effect.

The SDK reads them with `--config=ENV` only. Meltano reads those of the settings that the plugin's definition declares,
gives their values to the plugin in the file of `--config`, and exports what it knows of the plugin (seen in Meltano
4.4): each setting that has a value, also under the name of a plugin that inherits (`TARGET_ITERABLE__USERS_REGION` for
`target-iterable--users`), members of objects (`TARGET_ITERABLE_STREAMS_A_OBJECT`), and extras (`TAP_ITERABLE__SELECT`).

Commands of a definition (`meltano invoke target-iterable:check`) get no such file, only the variables. There an object
of `meltano.yml` is flat: `{"a.fields.x": "y"}` in place of `{"a": {"fields": {"x": "y"}}}`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

LOG_LEVEL: Final = "LOGLEVEL"
"""The SDK reads this variable of each plugin beside its settings."""
_MELTANO_NAME_VARIABLES: Final[Mapping[str, str]] = {"tap": "MELTANO_EXTRACTOR_NAME", "target": "MELTANO_LOADER_NAME"}
"""By the kind of the plugin: the variable that holds Meltano's name of the plugin that it runs."""
_BOOLEANS: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off", ""), False),
}


_SEPARATOR: Final = re.compile(r"(?<!\\)\.")


class UnknownVariable(NamedTuple):
    """A variable that begins like those of a plugin's settings and names none, with the nearest one that does."""

    name: str
    nearest: str | None

    def __str__(self) -> str:
        hint = f" Did you mean {self.nearest}?" if self.nearest else ""
        return f"The environment variable {self.name} names no setting, and has no effect.{hint}"


def variable_name(plugin: str, setting: str) -> str:
    """The environment variable of a setting."""
    return re.sub(r"[^A-Za-z0-9]", "_", f"{plugin}_{setting}").upper()


def variable_names(plugin: str, setting: str) -> list[str]:
    """The environment variables of a setting: by the plugin's own name, and by Meltano's name of it."""
    return [variable_name(name, setting) for name in (plugin, *_meltano_names(plugin))]


def parse_boolean(text: str) -> bool:
    """Parse a boolean, in any case: the words that the SDK and Meltano take for true, and their opposites.

    Raises:
        ValueError: for any other text.
    """
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise ValueError("it is neither true nor false") from None


def unused_variables(plugin: str, settings: Collection[str], given: Collection[str]) -> Iterator[str]:
    """A warning if variables of `settings` are set while the settings come from a file that has only those `given`."""
    names = [variable_name(plugin, setting) for setting in settings if setting not in given]
    if found := sorted(name for name in names if os.environ.get(name)):
        yield (
            f"Environment variables without effect: {', '.join(found)}. The file of `--config` does not have these "
            "settings. Let `--config=ENV` follow it; in Meltano, declare the settings in the definition of the plugin."
        )


def unknown_variables(plugin: str, properties: Mapping[str, Mapping[str, Any]]) -> Iterator[UnknownVariable]:
    """Variables that begin like those of a plugin's settings, and name none.

    Variables that Meltano exports are left out, and settings of another plugin whose name begins alike.
    """
    prefix = variable_name(plugin, "")
    settings = {name.upper(): "object" in schema.get("type", ()) for name, schema in properties.items()}
    known = {prefix + name for name in (*settings, LOG_LEVEL)}
    exported = tuple(variable_name(name, "") for name in _meltano_names(plugin))
    for name in sorted(os.environ.keys() - known):
        before, found, rest = name.upper().partition(prefix)
        if found and not before and not name.startswith(exported) and not _belongs_elsewhere(rest, settings):
            nearest = get_close_matches(rest, settings, n=1, cutoff=0.7)
            yield UnknownVariable(name, prefix + nearest[0] if nearest else None)


def nest_objects(plugin: str, properties: Mapping[str, Mapping[str, Any]]) -> None:
    r"""Nest the objects that Meltano exports flat, in the environment of this process.

    Dots separate the names of nested members, but for those behind a backslash, as in Meltano's own files. An object
    is known to be flat by the variables of its members, which Meltano exports beside it; others stay as they are.
    """
    for setting in (name for name, schema in properties.items() if "object" in schema.get("type", ())):
        variable = variable_name(plugin, setting)
        flat = _json_object(os.environ.get(variable, ""))
        if any(variable_name(plugin, f"{setting}.{path}") in os.environ for path in flat):
            os.environ[variable] = json.dumps(_nested(flat))


def _json_object(text: str) -> dict[str, Any]:
    """The object of a text; an empty one if the text is something else, which whoever parses it complains of."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in flat.items():
        *parents, name = (part.replace("\\.", ".") for part in _SEPARATOR.split(path))
        members = nested
        for parent in parents:
            members = members.setdefault(parent, {})
        members[name] = value
    return nested


def _belongs_elsewhere(rest: str, settings: Mapping[str, bool]) -> bool:
    """Whether a variable is an extra, a member of an object, or a setting of another plugin, by the end of its name.

    Args:
        rest: the name after the plugin's own prefix.
        settings: name in capitals -> whether the setting is an object.
    """
    is_extra = rest.startswith("_") and rest.lstrip("_") not in settings
    is_member = rest.startswith(tuple(f"{name}_" for name, is_object in settings.items() if is_object))
    is_of_another = not rest.startswith("_") and rest.endswith(tuple(f"_{name}" for name in settings))
    return is_extra or is_member or is_of_another


def _meltano_names(plugin: str) -> list[str]:
    """Meltano's names of the plugin, other than its own name."""
    name = os.environ.get(_MELTANO_NAME_VARIABLES[plugin.partition("-")[0]], plugin)
    return [] if name == plugin else [name]
