"""Results of functions, kept by their arguments."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

_Argument = TypeVar("_Argument", bound=Hashable)
_Result = TypeVar("_Result")


class Memo(dict[_Argument, _Result]):
    """The results of a function by argument.

    `map(memo.__getitem__, values)` takes no step in Python for an argument that is known, which a function with
    `lru_cache` does.

    Args:
        function: makes a result. What it raises is raised, and nothing is kept.
        together: makes the same results of several arguments in less time, or None where it cannot.
        most: so many results are kept. Where there are more arguments, hardly any of them comes back.
    """

    def __init__(
        self,
        function: Callable[[_Argument], _Result],
        together: Callable[[Sequence[_Argument]], Sequence[_Result] | None],
        most: int,
    ) -> None:
        super().__init__()
        self._function = function
        self._together = together
        self._most = most

    def __missing__(self, argument: _Argument) -> _Result:
        result = self._function(argument)
        if len(self) < self._most:
            self[argument] = result
        return result

    def of_all(self, arguments: Sequence[_Argument]) -> Sequence[_Result]:
        """The result of each argument.

        Where the first or the last one is new, others probably are, too, and results are made together.
        """
        is_known = not arguments or (arguments[0] in self and arguments[-1] in self)
        if not is_known and (results := self._together(arguments)) is not None:
            if len(self) + len(results) <= self._most:
                self.update(zip(arguments, results, strict=True))
            return results
        return list(map(self.__getitem__, arguments))
