"""Streams of data types that this tap does not know, which a setting names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from iterable_api.errors import BadRequestError, IterableError
from iterable_api.facts.data_types import DATA_TYPES
from tap_iterable.event_streams.exports import EventStream


class UnknownDataTypeError(IterableError):
    """Iterable refuses a data type of `extra_data_types`."""


class CustomEventStream(EventStream):
    """A data type of `extra_data_types`: its known columns are those that all events have."""

    @contextmanager
    def handling_refusals(self) -> Iterator[None]:
        """Explain also a refusal of the first request, which is most likely due to the name.

        Raises:
            UnknownDataTypeError: for such a refusal.
        """
        try:
            with super().handling_refusals():
                yield
        except BadRequestError as error:
            name = self.data_type.name
            raise UnknownDataTypeError(
                f"`extra_data_types` names {name}, which Iterable refuses: {str(error).rstrip('.')}.{_suggestion(name)}"
            ) from None


def _suggestion(name: str) -> str:
    streams = {data_type.name: data_type.stream for data_type in DATA_TYPES}
    nearest = get_close_matches(name, streams, n=1)
    return f" The stream {streams[nearest[0]]} is there without it." if nearest else ""
