"""Secrets of a run, taken out of whatever its processes say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, unquote, urlsplit

HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""A shorter text is no secret, and would tear words apart."""


class Redactor:
    """Replaces secrets in texts: the values themselves, and the passwords of those that are URLs, in any spelling."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        # A password is part of its URL, so the longest go first.
        self._secrets = sorted((text for text in spellings if len(text) >= _SHORTEST), key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    try:
        password = urlsplit(secret).password
    except ValueError:  # no URL
        return
    if password:
        yield from (password, unquote(password), quote(unquote(password), safe=""))
