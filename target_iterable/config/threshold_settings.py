"""How much settings allow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from target_iterable.config.setting_error import SettingError
from target_iterable.core.threshold import Threshold


def most(config: Mapping[str, Any], setting: str) -> Threshold:
    """How much a setting allows.

    Raises:
        SettingError: if it says nothing.
    """
    try:
        return Threshold.parse(str(config[setting]))
    except ValueError as error:
        raise SettingError(f"`{setting}` {error}.") from None
