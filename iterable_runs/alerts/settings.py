"""The settings `alerts` and `alert_on` of both plugins, as JSON Schema, and their checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from iterable_runs.alerts.conditions import CONDITIONS, RECOVERED, Wanted, conditions_of, parse_condition

ALERTS: Final = "alerts"
ALERT_ON: Final = "alert_on"
_DEFAULT: Final = ("failure", "rejects", "removals_stopped", RECOVERED)


def alert_settings(plugin: str) -> dict[str, Any]:
    """The two settings of a plugin."""
    names = conditions_of(plugin)
    return {
        ALERTS: {
            "type": "array",
            "items": {"type": "string", "minLength": 1},
            "default": [],
            "secret": True,
            "writeOnly": True,
            "title": "Alerts",
            "description": "Where to send a message if a run ends in a way that `alert_on` names: URLs of Apprise, "
            "which has one for e-mail, Slack, Teams, PagerDuty and over a hundred other services. They hold tokens, so "
            "keep them with the key. It wants the extra `alerts` of the package. docs/seeing.md has examples.",
        },
        ALERT_ON: {
            "type": "array",
            "items": {"type": "string"},
            "default": [name for name in _DEFAULT if name in names],
            "title": "Alert on",
            "description": "Which ends of a run `alerts` tell of: "
            + ", ".join(f"`{form}`" for name in names for form in CONDITIONS[name].forms or (name,))
            + ". Each is told when it begins, once a day while it lasts, and when all are over. docs/seeing.md says "
            "what they mean.",
        },
    }


def wanted_conditions(config: Mapping[str, Any], plugin: str) -> list[Wanted]:
    """The conditions of valid settings."""
    return [parse_condition(text, plugin) for text in config[ALERT_ON]]


def alert_problems(config: Mapping[str, Any], plugin: str) -> Iterator[str]:
    """Errors of the settings, which fit their schema. None of them shows a URL."""
    yield from _condition_problems(config[ALERT_ON], plugin)
    urls = config[ALERTS]
    if not urls:
        return
    if set(config[ALERT_ON]) <= {RECOVERED}:
        yield f"`{ALERTS}` is set, but `{ALERT_ON}` has nothing that a run could recover from"
    # Imported here, as most runs have no alerts.
    from iterable_runs.alerts import sending  # noqa: PLC0415

    if not sending.is_installed():
        yield f"`{ALERTS}` is set, but {sending.MISSING}"
        return
    for index, result in enumerate(sending.valid_urls(urls)):
        if result not in (sending.VALID, sending.NO_ANSWER):
            yield f"`{ALERTS}[{index}]` is no URL that can be used: {result}"


def _condition_problems(texts: Sequence[str], plugin: str) -> Iterator[str]:
    names: set[str] = set()
    for text in texts:
        try:
            name = parse_condition(text, plugin).name
        except ValueError as error:
            yield f"`{ALERT_ON}` {error}"
            continue
        if name in names:
            yield f"`{ALERT_ON}` has {name} twice"
        names.add(name)
