"""The log of a plugin's command: its level, and lines of the SDK that are for its developers.

The SDK reads the level from `TAP_ITERABLE_LOGLEVEL` or `LOGLEVEL`, and then the file of `SINGER_SDK_LOG_CONFIG`.
Meltano always gives such a file, with the level of `meltano --log-level`, so that the variable of the plugin would
count for nothing there.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from iterable_api.plugin.environment import LOG_LEVEL, variable_name

_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_FOR_DEVELOPERS: Final = frozenset(
    {
        "Config validation failed",
        "Parsing env var for settings config...",
        "Skipping deselected stream '%s'.",
        "Skipping parse of env var settings...",
    }
)
"""Texts of the SDK that are shown at DEBUG only. The first comes behind the sentence that says what is wrong."""


@contextmanager
def set_up_log(plugin: str) -> Iterator[None]:
    """Refuse levels that do not exist; after the SDK has set up the log in the context, let that of `plugin` count.

    Raises:
        SystemExit: naming the variable that is wrong.
    """
    own = variable_name(plugin, LOG_LEVEL)
    for variable in (own, LOG_LEVEL):
        if (level := os.environ.get(variable, "").upper()) and level not in _LEVELS:
            sys.exit(f"The environment variable {variable} must be one of {', '.join(_LEVELS)}.")
    yield
    root = logging.getLogger()
    if chosen := os.environ.get(own):
        root.setLevel(chosen.upper())
    for handler in root.handlers:
        handler.addFilter(_is_for_users)


def _is_for_users(record: logging.LogRecord) -> bool:
    return record.msg not in _FOR_DEVELOPERS or logging.getLogger().isEnabledFor(logging.DEBUG)
