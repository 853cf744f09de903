"""How a command ended, in a file, for the program that started it.

An exit code cannot say it: a run that a signal has ended is in good order, so its code is 0, and all errors have one
code. A run history may be off or away. The program names the file in `VARIABLE`; it gets one JSON object:

    {"status": "failed", "errors": ["UnauthorizedError", "ApiError", "IterableError"]}
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

VARIABLE: Final = "SINGER_ITERABLE_ENDING_FILE"
"""The environment variable with the path of the file; without it, nothing is written."""

STATUS: Final = "status"
ERRORS: Final = "errors"

_logger: Final = logging.getLogger(__name__)


def write_ending(status: str, error: BaseException | None = None) -> None:
    """Write how the run has ended. Of an error the names of its classes are written, and never its text.

    Args:
        status: one of `iterable_runs.store.statuses`.
        error: what ended the run, if something did.
    """
    if not (path := os.environ.get(VARIABLE)):
        return
    try:
        Path(path).write_text(json.dumps({STATUS: status, ERRORS: [*_classes(error)]}))
    except OSError as failure:
        _logger.warning("How the run ended could not be told to what started it (%s).", type(failure).__name__)


def _classes(error: BaseException | None) -> Iterator[str]:
    """The classes of an error, and of those that it was made from, also where the text of these was left out."""
    seen: set[int] = set()
    while isinstance(error, Exception) and id(error) not in seen:
        seen.add(id(error))
        yield from (kind.__name__ for kind in type(error).__mro__ if kind not in (Exception, BaseException, object))
        error = error.__cause__ or error.__context__
