"""What requests cost: the documented limits of endpoints, in words, and how long requests take under them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.facts.limits import DAY, MINUTE, SECOND, Limit
from iterable_runs.presentation.formats import count_of, span

_PERIODS: Final = {SECOND: "second", MINUTE: "minute", DAY: "day"}


def limits_of(path: str) -> list[Limit]:
    """The documented limits of the endpoints with the path template `path`."""
    return list(dict.fromkeys(limit for facts in ENDPOINTS.values() if facts.path == path for limit in facts.limits))


def in_words(limit: Limit) -> str:
    """A limit as people say it: `5 a minute per project`."""
    return f"{limit.count} a {_PERIODS[limit.seconds]} per {limit.scope}"


def with_tightest_limit(cost: str, paths: Iterable[str]) -> str:
    """A cost in words, and the tightest of the limits of these path templates: `1 request per list; …`."""
    limits = [limit for path in paths for limit in limits_of(path)]
    if not limits:
        return cost
    return f"{cost}; Iterable allows {in_words(min(limits, key=lambda limit: limit.per_second))}"


def work_ahead(requests: int, path: str, *, at_least: bool = False) -> str:
    """How much work so many requests to the path template `path` are: `500 requests to …, about 1 h 40 min: …`."""
    least = "at least " if at_least else ""
    work = f"{least}{count_of(requests, 'request')} to {path}"
    limits = limits_of(path)
    if not limits:
        return f"{work}, one after the other; Iterable documents no limit"
    seconds = max(requests / limit.per_second for limit in limits)
    return f"{work}, {least or 'about '}{span(seconds)}: Iterable allows {', '.join(map(in_words, limits))}"
