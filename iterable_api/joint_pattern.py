"""A pattern that many texts are matched with together."""

from __future__ import annotations

import re
from collections.abc import Sequence


class JointPattern:
    """A pattern of texts without line ends.

    Texts are matched in one step, which takes a fraction of the time of one after the other.

    Args:
        pattern: what each text must match as a whole.
        flags: those of `re`.
    """

    def __init__(self, pattern: str, flags: re.RegexFlag = re.NOFLAG) -> None:
        self._lines = re.compile(rf"(?:(?:{pattern})\n)*+(?:{pattern})", flags)

    def matches_all(self, texts: Sequence[str]) -> bool:
        """Whether there are texts, and all of them match."""
        return self.matches_lines("\n".join(texts), len(texts))

    def matches_lines(self, lines: str, count: int) -> bool:
        """The same of `count` texts that are joined by line ends. With more line ends, one is in a text."""
        return self._lines.fullmatch(lines) is not None and lines.count("\n") == count - 1
