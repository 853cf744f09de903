"""Tokens of devices as the calls of a stream have told them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from target_iterable.records.column_mapping import Row

_MAX_TOKENS: Final = 100_000
"""Tokens that are remembered at most."""


class KnownTokens:
    """The user of each token, as the calls of a stream have told it: each call of an app has its token."""

    def __init__(self) -> None:
        self._users: OrderedDict[str, Row] = OrderedDict()

    def is_new(self, token: str, user: Row) -> bool:
        """Whether the token was not known as this user's; it is from now on."""
        if self._users.get(token) == user:
            return False
        self._users[token] = user
        self._users.move_to_end(token)
        if len(self._users) > _MAX_TOKENS:
            self._users.popitem(last=False)
        return True
