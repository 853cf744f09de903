"""Settings that are thresholds: a count, or a percentage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from iterable_api.plugin.threshold import Threshold
from target_iterable.config.setting_error import SettingError


def threshold_setting(config: Mapping[str, Any], setting: str) -> Threshold:
    """The threshold that a setting holds.

    Raises:
        SettingError: if it is neither a count nor a percentage.
    """
    return parse_threshold(config[setting], setting)


def parse_threshold(value: object, place: str) -> Threshold:
    """The threshold in `value`, which stands at `place` in the settings.

    Raises:
        SettingError: if it is neither a count nor a percentage.
    """
    try:
        return Threshold.parse(str(value))
    except ValueError as error:
        raise SettingError(f"`{place}` {error}.") from None
