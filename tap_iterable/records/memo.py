"""Results of a function, kept for arguments that come again."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

Argument = TypeVar("Argument", bound=Hashable)
Result = TypeVar("Result")


class Memo(dict[Argument, Result]):
    """The results of a function by argument.

    `map(memo.__getitem__, values)` takes no step in Python for an argument that is known, which a function with
    `lru_cache` does.

    Args:
        function: makes a result. What it raises is raised, and nothing is kept.
        most: so many results are kept; then all are forgotten.
    """

    def __init__(self, function: Callable[[Argument], Result], most: int) -> None:
        super().__init__()
        self._function = function
        self._most = most

    def __missing__(self, argument: Argument) -> Result:
        result = self._function(argument)
        if len(self) >= self._most:
            self.clear()
        self[argument] = result
        return result
