"""`tap-iterable` with the batch files of the SDK: records one by one, in files as its batchers write them."""

from __future__ import annotations

from singer_sdk import Stream

from tap_iterable.stream_types.base import IterableStream
from tap_iterable.tap import TapIterable

if __name__ == "__main__":
    # One assignment, since the tap has no way to ask for the files that it replaces.
    IterableStream.get_batches = Stream.get_batches  # type: ignore[method-assign, assignment] # the SDK's has the same parameters
    TapIterable.cli()
