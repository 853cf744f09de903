"""Guard of streams that cost many requests: they are read only if the setting `costly_streams` names them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

SETTING: Final = "costly_streams"


def is_named(stream: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern is the name of the stream, or a glob that fits it."""
    return any(fnmatchcase(stream, pattern) for pattern in patterns)


def unknown_patterns(config: Mapping[str, Any], costly: Collection[str]) -> Iterator[str]:
    """Errors for patterns of `costly_streams` that fit none of the `costly` streams."""
    for pattern in config[SETTING]:
        if not any(is_named(stream, [pattern]) for stream in costly):
            nearest = get_close_matches(pattern, costly, n=1)
            hint = f"Did you mean {nearest[0]!r}?" if nearest else f"These are: {', '.join(sorted(costly))}"
            yield f"`{SETTING}` has {pattern!r}, which fits no costly stream. {hint}"


def left_out(costs: Mapping[str, str]) -> str:
    """The warning about costly streams that a catalog selects and no pattern names: name -> cost in words."""
    listed = "; ".join(f"{name} ({cost})" for name, cost in sorted(costs.items()))
    return (
        f"Costly streams are left out, because `{SETTING}` does not name them: {listed}. To read one, add its name to "
        f"`{SETTING}`; to end this warning, deselect it."
    )
