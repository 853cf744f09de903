"""Addresses of earlier calls are remembered for calls that have only a userId, the latest ones, of so many users."""

from __future__ import annotations

from target_iterable.segment.traits import TraitsReader

MOST = 100_000


def _told(*blocks: list[tuple[str, str]]) -> tuple[TraitsReader, TraitsReader]:
    """Readers that were told addresses by the block, and one by one."""
    together, alone = TraitsReader(by_address=True), TraitsReader(by_address=True)
    for some in blocks:
        user_ids, emails = zip(*some, strict=True)
        assert together.addresses("identify", user_ids, emails) == list(emails)
        for user_id, email in some:
            assert alone.address("identify", user_id, email) == email
    return together, alone


def _known(reader: TraitsReader, user_ids: list[str]) -> list[object]:
    return reader.addresses("track", user_ids, [None] * len(user_ids))


def test_addresses_that_are_told_together_are_remembered_as_those_that_are_told_one_by_one() -> None:
    first = [(f"u{n}", f"u{n}@example.com") for n in range(MOST)]
    again = [("u1", "new@example.com"), ("v1", "v1@example.com"), ("u0", "u0@example.com")]
    twice = [("v2", "v2@example.com"), ("u5", "a@example.com"), ("v2", "w2@example.com"), ("u5", "b@example.com")]
    together, alone = _told(first, again, twice, [("v3", "v3@example.com")])
    asked = [*(f"u{n}" for n in range(12)), "v1", "v2", "v3"]
    assert _known(together, asked) == _known(alone, asked)
    assert _known(together, ["u1", "u4", "u5", "u6", "v2"]) == [
        *("new@example.com", None, "b@example.com", "u6@example.com", "w2@example.com")
    ]
