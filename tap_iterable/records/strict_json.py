"""JSON read so that all of it can be written again."""

from __future__ import annotations

import json
import math
from typing import Any


def loads(text: str | bytes) -> Any:
    """What the text says.

    NaN and infinities, which JSON does not have, become text, and so do numbers that are too large for a float.

    Raises:
        ValueError: if it is not JSON, or deeper than can be read.
    """
    try:
        return json.loads(text, parse_constant=str, parse_float=_float)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _float(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text
