"""How a plugin has ended, beyond its exit code: whether it has done everything, and whether a retry is worth it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from iterable_runs.recording.ending_file import ERRORS, STATUS, VARIABLE
from iterable_runs.store.statuses import INTERRUPTED

USAGE_ERROR: Final = 2
"""Exit code of a command that was called in a wrong way, by the custom of Unix and of click."""
OUR_PLUGINS: Final = frozenset({"tap-iterable", "target-iterable"})

LASTING: Final = frozenset(
    {
        "BadRequestError",
        "ConfigValidationError",
        "ConflictError",
        "FieldsDroppedError",
        "ForbiddenError",
        "MissingExtraError",
        "NotFoundError",
        "NotReadableError",
        "NothingSelectedError",
        "RecordsRejectedError",
        "RedirectError",
        "RemovalsStoppedError",
        "SeveralStreamsError",
        "TooManyMalformedLinesError",
        "TooManyRejectsError",
        "TooManyRemovalsError",
        "UnauthorizedError",
        "UnknownDataTypeError",
        "UnreadableVariableError",
        "UntrustedServerError",
        "UnusableCatalogError",
        "UnusableStateError",
        "UriTooLongError",
        "WrongExpressionError",
        "WrongProjectTypeError",
    }
)
"""Errors that come again, however often one tries: refused settings, and answers that say no."""
PASSING: Final = frozenset({"ConnectionFailedError", "LedgerError", "LimitStoreError", "TransientApiError"})
"""Errors that may pass, also where another was made from them: a store that is away is told as an unusable setting."""


@dataclass(frozen=True)
class Ending:
    """What a plugin of ours has said of its end.

    Attributes:
        status: as a run history has it; empty if the plugin has said nothing.
        errors: the classes of the errors that ended it.
    """

    status: str = ""
    errors: frozenset[str] = frozenset()

    @property
    def is_interrupted(self) -> bool:
        """Whether a signal has asked it to end, so that it has not done everything."""
        return self.status == INTERRUPTED

    def is_worth_a_retry(self, code: int) -> bool:
        """Whether a run that has ended with this exit code may succeed the next time. What is unknown may."""
        if code < 0:
            return True
        return code != USAGE_ERROR and (bool(self.errors & PASSING) or not self.errors & LASTING)


def environment(path: str) -> Mapping[str, str]:
    """The environment of a plugin that is to say there how it ended."""
    return {**os.environ, VARIABLE: path}


def ending_at(path: str) -> Ending:
    """What a plugin has said there. One of others says nothing, nor does one that was killed."""
    try:
        said = json.loads(Path(path).read_text())
        return Ending(str(said[STATUS]), frozenset(said[ERRORS]))
    except (OSError, ValueError, KeyError, TypeError):
        return Ending()
