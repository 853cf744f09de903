"""The least that writing records can cost in Python: read, decoded, put into batches, encoded, posted.

Nothing is checked and no answer is looked into. The arguments are the URL of the bulk endpoint and what it calls its
list.
"""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any

import msgspec
import requests


class _Message(msgspec.Struct):
    type: str
    record: dict[str, Any] | None = None


def main(url: str, list_name: str) -> None:
    """Post the records of standard input, a thousand a request."""
    decoder, encoder, session = msgspec.json.Decoder(_Message), msgspec.json.Encoder(), requests.Session()
    messages = map(decoder.decode, sys.stdin.buffer)
    records = (message.record for message in messages if message.type == "RECORD")
    while batch := list(islice(records, 1000)):
        session.post(url, data=encoder.encode({list_name: batch}), timeout=60).raise_for_status()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
