"""Errors of the store. Their texts hold neither a URL nor a part of an event."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from iterable_api.errors import IterableError
from iterable_api.storage import databases


class WebhookStoreError(IterableError):
    """The store of received webhooks does not work."""

    def __init__(self, error: Exception) -> None:
        super().__init__(f"The store of received webhooks cannot be used ({_kind(error)}).")


class WebhookStoreLockedError(WebhookStoreError):
    """Another process holds a lock in the store of received webhooks for too long."""

    def __init__(self) -> None:
        super(WebhookStoreError, self).__init__(
            "The store of received webhooks is locked by another process, and did not become free in time."
        )


class WebhookStoreMissingError(WebhookStoreError):
    """There is no store of received webhooks at the place that was named."""

    def __init__(self) -> None:
        super(WebhookStoreError, self).__init__(
            "There is no store of received webhooks there yet: no receiver has been started with it."
        )


class WebhookStoreVersionError(WebhookStoreError):
    """The store of received webhooks was made by another release."""

    def __init__(self, found: int, known: int) -> None:
        super(WebhookStoreError, self).__init__(
            f"The store of received webhooks has version {found} of its tables, and this release knows version {known}."
        )


class PositionAheadError(WebhookStoreError):
    """Reading was to go on behind the end of the store."""

    def __init__(self, after: int, last: int) -> None:
        super(WebhookStoreError, self).__init__(
            f"Reading was to go on behind position {after}, and the store of received webhooks ends with {last}: "
            "it is another store, or an older copy."
        )


def store_error(error: SQLAlchemyError) -> WebhookStoreError:
    """The error to raise for one of the database."""
    return WebhookStoreLockedError() if databases.is_locked(error) else WebhookStoreError(error)


def _kind(error: Exception) -> str:
    """Class and code of an error; its text may quote a URL or a row."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    code = getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None)
    return f"{type(cause).__name__}, {code}" if code else type(cause).__name__
