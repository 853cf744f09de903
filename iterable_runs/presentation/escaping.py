"""Texts from outside, such as names of streams, so that they cannot steer a terminal or break a line."""

from __future__ import annotations

from collections.abc import Iterator

from iterable_api.redaction import MAX_SHOWN_CHARACTERS, redact


def printable(text: str) -> str:
    """`text` with all control characters, and those that turn the direction of writing, as escapes."""
    return "".join(_shown(text))


def safe(text: str) -> str:
    """`text` on one line, without what looks like personal data or a secret: so it may leave the machine."""
    kept = redact(" ".join(text.split()))
    # It ends with a whole word where it was cut.
    return printable(kept if len(kept) < MAX_SHOWN_CHARACTERS else f"{kept.rpartition(' ')[0]} …")


def _shown(text: str) -> Iterator[str]:
    for character in text:
        yield character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
