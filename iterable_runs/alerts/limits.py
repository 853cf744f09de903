"""Limits behind the colon of a condition: `rejects:5%`, `late:26h`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from iterable_api.plugin.threshold import Threshold

_MICROSECONDS: Final[Mapping[str, int]] = {"min": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}
_SPAN: Final = re.compile(rf"([1-9]\d{{0,5}})({'|'.join(_MICROSECONDS)})")


@dataclass(frozen=True)
class Span:
    """A span of time, as it was written and in microseconds."""

    text: str
    microseconds: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """Parse `90min`, `26h` or `2d`.

        Raises:
            ValueError: for any other text.
        """
        match = _SPAN.fullmatch(text)
        if match is None:
            raise ValueError(f"must be a span of time such as 90min, 26h or 2d, not {text!r}")
        return cls(text, int(match[1]) * _MICROSECONDS[match[2]])


@dataclass(frozen=True)
class LimitKind:
    """What may stand behind the colon.

    Attributes:
        parse: makes the limit of its text; raises ValueError.
        examples: texts, for messages.
        default: the limit if nothing stands there; None if something must.
    """

    parse: Callable[[str], Any]
    examples: str
    default: Any = None


COUNT: Final = LimitKind(Threshold.parse, "a count such as 100, or a percentage such as 5%", Threshold.parse("0"))
SPAN: Final = LimitKind(Span.parse, "a span of time such as 26h")
