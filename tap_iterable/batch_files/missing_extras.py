"""What is said if a library is missing that an extra of the package brings."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from iterable_api.errors import IterableError


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
