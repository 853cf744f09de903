"""Secrets of a run, taken out of whatever its processes say."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote, unquote, urlsplit

HIDDEN: Final = "***"
_SHORTEST: Final = 4
"""A shorter text is no secret, and would tear words apart."""
_SHORTEST_LINE: Final = 6
"""The same of one line of several, such as the brackets of an object."""


class Redactor:
    """Replaces secrets in texts: the values, their lines, and the passwords of those that are URLs, in any spelling."""

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
    """A secret in all forms that a log may show it in; logs are read line by line."""
    for text in {secret, *_passwords(secret)}:
        yield from (text, _in_json(text), json.dumps(text, ensure_ascii=False)[1:-1])
    for line in secret.replace("\\n", "\n").splitlines():  # a key in JSON has its lines escaped
        if len(line.strip()) >= _SHORTEST_LINE:
            yield from (line.strip(), _in_json(line.strip()))


def _in_json(text: str) -> str:
    return json.dumps(text)[1:-1]


def _passwords(secret: str) -> Iterator[str]:
    try:
        password = urlsplit(secret).password
    except ValueError:  # no URL
        return
    if password:
        yield from (password, unquote(password), quote(unquote(password), safe=""))
