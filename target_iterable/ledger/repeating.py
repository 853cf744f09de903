"""Repeating of transactions whose connection was lost, as when PostgreSQL is restarted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from iterable_api.storage.reconnecting import repeated_if_lost
from target_iterable.ledger.errors import LedgerLostError

_P = ParamSpec("_P")
_T = TypeVar("_T")


def repeated(transaction: Callable[_P, _T]) -> Callable[_P, _T]:
    """A method that is one transaction, and that may as well happen twice: whether a lost one did is unknown."""

    @wraps(transaction)
    def call(*arguments: _P.args, **named: _P.kwargs) -> _T:
        return repeated_if_lost(partial(transaction, *arguments, **named), LedgerLostError)

    return call
