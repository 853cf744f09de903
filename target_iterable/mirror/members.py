"""Members of mirrored streams, and counts of them."""

from __future__ import annotations

from typing import NamedTuple


class Member(NamedTuple):
    """Member of a mirrored stream.

    Attributes:
        key: its key in the membership table.
        name: its name; None if it cannot be decrypted.
        last_version: last version in which it was seen; None if it is unknown.
    """

    key: bytes
    name: str | None
    last_version: int | None = None


class VersionCount(NamedTuple):
    """Counts of members at a version.

    Attributes:
        before: members that the stream had before the version.
        missing: those of them that are not in the version.
    """

    before: int
    missing: int


class MissingKeys(NamedTuple):
    """Hashes of the members in one part of the log that are missing from a version, sorted.

    Attributes:
        named: those that are to be removed.
        aliases: those that only kept others from being removed.
    """

    named: list[bytes]
    aliases: list[bytes]


class MissingCount(NamedTuple):
    """Counts of members in a run.

    Attributes:
        missing: members that did not come.
        total: all members.
    """

    missing: int
    total: int
