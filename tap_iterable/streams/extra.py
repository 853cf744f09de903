"""Data types that this tap does not know, named by a setting."""

from __future__ import annotations

from collections.abc import Iterator

from singer_sdk.helpers.types import Context

from iterable_api.errors import BadRequestError, IterableError
from tap_iterable.records import Record
from tap_iterable.streams.exports import EventStream


class UnknownDataTypeError(IterableError):
    """Iterable does not know a data type either."""


class ExtraEventStream(EventStream):
    """A data type of `extra_data_types`: its known columns are those that all events have."""

    def get_records(self, context: Context | None) -> Iterator[Record]:
        """The events.

        Raises:
            UnknownDataTypeError: if Iterable refuses the first request, most likely because of the name.
        """
        try:
            yield from super().get_records(context)
        except BadRequestError as error:
            raise UnknownDataTypeError(
                f"`extra_data_types` names {self.data_type.name}, which Iterable refuses: {error}"
            ) from None
