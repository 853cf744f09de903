"""Names of the records of a load, as entries of the member log."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import chain
from typing import TypeAlias

from target_iterable.mirror.log_replay import Claim
from target_iterable.mirror.name_encryption import HASH_BYTES

Claims: TypeAlias = Sequence[tuple[int, Sequence[Sequence[str]]]]
"""Version -> the names of each record that the source had at it, in the order of the records."""
Encrypt: TypeAlias = Callable[[Iterable[str]], list[bytes]]


def claimed_entries(claims: Claims, encrypt: Encrypt) -> Mapping[int, Collection[bytes]]:
    """Return version -> entries of the log, each hash once: with its last name, at its highest version.

    The first name of a record is the one by which it is removed; all others are aliases.
    """
    of_records = [names for _, names_of in claims for names in names_of]
    if {*map(len, of_records)} == {1} and len(versions := {version for version, _ in claims}) == 1:
        return {versions.pop(): {*encrypt(chain.from_iterable(of_records))}}
    last: dict[bytes, Claim] = {}
    for version, names_of in claims:
        names = [name for names in names_of for name in names]
        is_first = [place == 0 for names in names_of for place in range(len(names))]
        for entry, has_name in zip(encrypt(names), is_first, strict=True):
            hash_ = entry[:HASH_BYTES]
            highest = max(version, last[hash_][0]) if hash_ in last else version
            last[hash_] = highest, entry if has_name else hash_
    entries: dict[int, list[bytes]] = {}
    for version, entry in last.values():
        entries.setdefault(version, []).append(entry)
    return entries
