"""Meltano's definition of the receiver as a utility, made from the options of its command."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import click
from ruamel.yaml.scalarstring import LiteralScalarString

from iterable_webhooks.cli import serve_command, verify_command
from iterable_webhooks.settings.secrets import API_KEY_VARIABLE, VARIABLE

NAME: Final = "iterable-webhooks"
EXECUTABLE: Final = "iterable-webhooks"

_COMMANDS: Final[Mapping[str, click.Command]] = {"serve": serve_command, "verify": verify_command}
_PREFIX: Final = "iterable_webhooks_"
_SECRETS: Final[Mapping[str, tuple[str, str]]] = {
    VARIABLE: ("Secret", "The secret that Iterable sends with each call; several are separated by blanks."),
    API_KEY_VARIABLE: ("API key", "A server-side API key of the Iterable project, for `verify`."),
}
"""By their variables: what no option takes."""
_USAGE: Final = """\
`meltano invoke iterable-webhooks:serve` receives events until it is asked to end: run it as a service, not in a
schedule. Give `webhook_store` of tap-iterable the same `store`; the tap then has a stream for each event.

`meltano invoke iterable-webhooks:verify` compares the store with Iterable's export, and ends with 3 if events are
missing in the store.

`meltano invoke iterable-webhooks status` shows what is in the store and how far each reader is.
"""


def definition() -> dict[str, Any]:
    """A complete definition, fit for the Hub and for `meltano add --from-ref`."""
    return {
        "name": NAME,
        "namespace": NAME.replace("-", "_"),
        "label": "Iterable webhooks",
        "description": "Receives Iterable's system webhooks into SQLite or PostgreSQL, for tap-iterable to read.",
        "domain_url": "https://iterable.com",
        "keywords": ["api"],
        "maintenance_status": "active",
        "variant": "singer-iterable",
        "pip_url": "singer-iterable[webhooks,postgres]",
        "executable": EXECUTABLE,
        "commands": commands(),
        "usage": LiteralScalarString(_USAGE),
        "settings": list(settings()),
    }


def commands() -> dict[str, dict[str, str]]:
    """What `meltano invoke iterable-webhooks:NAME` runs."""
    return {
        name: {"args": name, "description": (command.help or "").partition("\n")[0]}
        for name, command in _COMMANDS.items()
    }


def settings() -> Iterator[dict[str, Any]]:
    """The settings: those that are secret, and the options of all commands, each once.

    Meltano hands them on by the variables that the command reads.
    """
    for variable, (label, description) in _SECRETS.items():
        yield {
            "name": _name(variable),
            "label": label,
            "kind": "string",
            "sensitive": True,
            "description": description,
        }
    options = [option for command in _COMMANDS.values() for option in command.params]
    named: dict[str, click.Option] = {}
    for option in options:
        if isinstance(option, click.Option) and isinstance(option.envvar, str):
            named.setdefault(_name(option.envvar), option)
    for name, option in named.items():
        yield _entry(name, option)


def _name(variable: str) -> str:
    return variable.lower().removeprefix(_PREFIX)


def _entry(name: str, option: click.Option) -> dict[str, Any]:
    kind = _kind(option)
    entry: dict[str, Any] = {"name": name, "label": name.replace("_", " ").capitalize(), "kind": kind}
    if isinstance(option.type, click.Choice):
        entry["options"] = [{"label": str(choice), "value": str(choice)} for choice in option.type.choices]
    if option.show_default and not option.is_flag:
        entry["value"] = option.default if kind == "integer" else str(option.default)
    if name == "store":
        entry["sensitive"] = True  # a URL may have a password in it
    entry["description"] = f"{option.help} Several are separated by blanks." if option.multiple else option.help
    return entry


def _kind(option: click.Option) -> str:
    if option.is_flag:
        return "boolean"
    if isinstance(option.type, click.Choice):
        return "options"
    return "integer" if isinstance(option.type, click.types.IntParamType) else "string"
