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


class SeenName(NamedTuple):
    """Name that was seen in the source.

    Attributes:
        version: version at which it was seen.
        is_primary: whether the member is removed by this name; else it is an alias.
    """

    version: int
    is_primary: bool


class VersionCount(NamedTuple):
    """Counts of members at a version.

    Attributes:
        before: members that the stream had before the version.
        missing: those of them that are not in the version.
    """

    before: int
    missing: int


class MissingCount(NamedTuple):
    """Counts of members in a run.

    Attributes:
        missing: members that did not come.
        total: all members.
    """

    missing: int
    total: int
