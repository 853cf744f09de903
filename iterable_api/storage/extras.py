"""The extras that storages need, and what is said if a library is missing that one of them brings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from iterable_api.errors import IterableError

EXTRAS: Final[Mapping[str, str]] = {"s3": "s3", "gs": "gcs", "abfs": "azure"}
"""Scheme of a URL -> the extra with the library of its storage."""
ALIASES: Final[Mapping[str, str]] = {"s3a": "s3", "gcs": "gs", "az": "abfs", "abfss": "abfs"}
"""Scheme as it may be written, too -> scheme."""


class MissingExtraError(IterableError, ImportError):
    """A library is missing that an extra of the package brings."""


@contextmanager
def extra(name: str, what: str) -> Iterator[None]:
    """Import what an extra brings.

    Args:
        name: of the extra.
        what: needs it.

    Raises:
        MissingExtraError: if it is not installed.
    """
    try:
        yield
    except ImportError as error:
        library = f" ({error.name} is missing)" if error.name else ""
        raise MissingExtraError(
            f"{what} needs the extra `{name}` of the package{library}: pip install 'singer-iterable[{name}]'"
        ) from None
