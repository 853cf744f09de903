"""Data types that this tap does not know, named by a setting."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from iterable_api.errors import BadRequestError, IterableError
from tap_iterable.streams.exports import EventStream


class UnknownDataTypeError(IterableError):
    """Iterable does not know a data type either."""


class ExtraEventStream(EventStream):
    """A data type of `extra_data_types`: its known columns are those that all events have."""

    @contextmanager
    def refusals_explained(self) -> Iterator[None]:
        """Explain a refusal of the first request, too: most likely it is because of the name.

        Raises:
            UnknownDataTypeError: for such a refusal.
        """
        try:
            with super().refusals_explained():
                yield
        except BadRequestError as error:
            raise UnknownDataTypeError(
                f"`extra_data_types` names {self.data_type.name}, which Iterable refuses: {error}"
            ) from None
