"""Keeps keys, addresses, userIds, IPs and phone numbers out of texts that people and logs get to see.

Two steps: values of the request are replaced wherever Iterable quotes them; and text that looks like personal data is
replaced also if it was not sent, such as our own IP or another user's address.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from iterable_api.refusals import FIXED_TEXTS

_ADDRESS: Final = re.compile(r"(?<!\S)\S*(?:@|%40)\S*")
_PERSONAL: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"(?i)(invalid (?:current|new)?email:?|email:|user ?id:)[^,;}\n]*"), r"\1 <redacted>"),
    (_ADDRESS, "<address>"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), "<token>"),
    (re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])"), "<key>"),
    (re.compile(r"(?<!\d)\d{1,3}(?:\.\d{1,3}){3}(?!\d)"), "<ip>"),
    (re.compile(r"(?i)(?<![0-9a-z])(?:[0-9a-f]{1,4}:){3,}[0-9a-f:.]*"), "<ip>"),
    (re.compile(r"(?i)(?<![0-9a-z])(?:[0-9a-f]{1,4}(?::[0-9a-f]{1,4})*)?::[0-9a-f:.]*"), "<ip>"),
    (re.compile(r"\+?\d[\d ()./-]{7,}\d"), "<number>"),
)
_FIXED: Final = re.compile(rf"(?<![\w@%.+-])({'|'.join(map(re.escape, FIXED_TEXTS))})(?![\w@%+-])")
_MAX_READ_CHARACTERS: Final = 2_000
MAX_SHOWN_CHARACTERS: Final = 300


def redact(text: str, sent: Iterable[str] = ()) -> str:
    """`text` without personal data and of bounded length. `sent` are values of the request that it may quote."""
    if len(text) > _MAX_READ_CHARACTERS:
        # The last word goes too: half an address does not look like one.
        text = text[:_MAX_READ_CHARACTERS].rpartition(" ")[0]
    quoted, parts = _quoted(text, sent), _FIXED.split(text)
    parts[::2] = [_without_personal(part, quoted) for part in parts[::2]]
    return "".join(parts)[:MAX_SHOWN_CHARACTERS]


def _without_personal(text: str, quoted: str) -> str:
    if quoted:
        text = re.sub(rf"(?<!\w)(?:{quoted})(?!\w)", "<redacted>", text, flags=re.IGNORECASE)
    for pattern, replacement in _PERSONAL:
        text = pattern.sub(replacement, text)
    return text


def without_addresses(text: str) -> str:
    """`text` of our own, which should hold no address, with every address replaced all the same."""
    return _ADDRESS.sub("<address>", text)


def texts_in(*parts: object) -> Iterator[str]:
    """Every text value at any depth of `parts`: JSON values, or bytes that hold JSON."""
    waiting: list[object] = list(parts)
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, bytes):
            waiting.append(_decoded(part))
        elif isinstance(part, Mapping):
            waiting.extend(part.values())
        elif isinstance(part, Iterable):
            waiting.extend(part)


def _quoted(text: str, sent: Iterable[str]) -> str:
    """A pattern for the `sent` values that occur in `text`, in any case; longest first, as one may contain another."""
    folded = text.casefold()
    found = {value.strip() for value in sent if value.strip() and value.strip().casefold() in folded}
    return "|".join(re.escape(value) for value in sorted(found, key=len, reverse=True))


def _decoded(body: bytes) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
