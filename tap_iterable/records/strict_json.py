"""JSON reader whose values can all be written as JSON again."""

from __future__ import annotations

import json
import math
from typing import Any


def loads(text: str | bytes) -> Any:
    """Parse a JSON text.

    NaN and infinities, which JSON does not have, become text, and so do numbers that are too large for a float.

    Raises:
        ValueError: if the text is not JSON, or nested too deeply.
    """
    try:
        return json.loads(text, parse_constant=str, parse_float=_float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
