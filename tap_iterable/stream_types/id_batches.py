"""Batches of ids that fit into one query string."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlencode

from iterable_api.facts.limits import MAX_URI_LENGTH
from iterable_api.http.api_request import Params

HOST_CHARACTERS: Final = 128
"""Characters reserved for scheme and host: whether Iterable counts them is not documented."""


def id_batches(path: str, name: str, ids: Iterable[int], others: Params) -> Iterator[list[int]]:
    """`ids` in batches that fit, as repeated parameters `name` beside `others`, into a URI of less than 2,048."""
    free = MAX_URI_LENGTH - HOST_CHARACTERS - len(f"{path}?{urlencode(others, doseq=True)}")
    batch: list[int] = []
    room = free
    for number in ids:
        length = len(f"&{name}={number}")
        if batch and length >= room:
            yield batch
            batch, room = [], free
        batch.append(number)
        room -= length
    if batch:
        yield batch
