"""Settings that are error thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from target_iterable.config.setting_error import SettingError
from target_iterable.core.threshold import Threshold


def threshold_setting(config: Mapping[str, Any], setting: str) -> Threshold:
    """Parse the value of a setting: a count or a percentage.

    Raises:
        SettingError: naming the setting, if it is malformed.
    """
    try:
        return Threshold.parse(str(config[setting]))
    except ValueError as error:
        raise SettingError(f"`{setting}` {error}.") from None
