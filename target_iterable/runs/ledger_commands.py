"""Commands about the keys of the ledger: no data moves, and Iterable is not asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from singer_sdk import Target

from target_iterable.config.setting_error import SettingError
from target_iterable.config.settings import SETTINGS

if TYPE_CHECKING:
    from target_iterable.ledger.keys import LedgerKeys


class KeyCommand(NamedTuple):
    """Command about the keys.

    Attributes:
        help_text: text of its option in the help.
        apply: changes the keys as the settings say; returns a sentence that says what was done.
    """

    help_text: str
    apply: Callable[[LedgerKeys, Mapping[str, Any]], str]


class _Settings(Target):
    """Reader of the settings. The real target would open the ledger, which these commands are to fix."""

    name = "target-iterable"
    package_name = "singer-iterable"
    config_jsonschema: ClassVar[dict[str, Any]] = SETTINGS


def run_key_command(name: str, options: Any) -> str:
    """Run the command with this name; return a sentence that says what was done.

    Raises:
        SettingError: if the settings or the ledger do not allow it.
    """
    from target_iterable.ledger.opening import opened_keys  # noqa: PLC0415 (takes long to load)

    config = _Settings(config=options.config, parse_env_config=options.parse_env).config
    try:
        with opened_keys(config["ledger"], config["lock_timeout_seconds"]) as (engine, keys):
            done = KEY_COMMANDS[name].apply(keys, config)
            engine.dispose()
    except ValueError as error:
        raise SettingError(str(error)) from None
    return done


def _rotate(keys: LedgerKeys, config: Mapping[str, Any]) -> str:
    previous = config.get("previous_ledger_key")
    if not previous:
        raise SettingError(
            "`--rotate-ledger-key` needs the setting `previous_ledger_key`: the `ledger_key` before this one, or "
            "the API key if there was none."
        )
    return keys.rotate(previous, config["api_key"], config.get("ledger_key"))


def _share(keys: LedgerKeys, config: Mapping[str, Any]) -> str:
    return keys.share(config["api_key"], config.get("ledger_key"))


KEY_COMMANDS: Final[Mapping[str, KeyCommand]] = {
    "rotate-ledger-key": KeyCommand(
        "After a new `ledger_key`, or a new API key without one: let the ledger open with it. Set "
        "`previous_ledger_key` to the one before.",
        _rotate,
    ),
    "share-ledger": KeyCommand("Let this project use a ledger that others use already.", _share),
}
"""Name of the option -> command."""
