"""Repeating of transactions whose connection was lost, as when PostgreSQL is restarted."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from iterable_api.waiting.retry_policy import LOST_TRANSACTION
from target_iterable.ledger.errors import LedgerLostError

_P = ParamSpec("_P")
_T = TypeVar("_T")


def repeated(transaction: Callable[_P, _T]) -> Callable[_P, _T]:
    """A method that is one transaction, and that may as well happen twice: whether it did when it was lost is unknown.

    There is no wait in between: the next connection is waited for.
    """

    @wraps(transaction)
    def call(*arguments: _P.args, **named: _P.kwargs) -> _T:
        return LOST_TRANSACTION.retrying(LedgerLostError, sleep=_no_wait)(transaction, *arguments, **named)

    return call


def _no_wait(_seconds: float) -> None:
    """Do nothing."""
