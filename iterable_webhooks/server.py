"""Running a receiver until it is asked to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from iterable_api.serving.listening import listen
from iterable_api.serving.server import run_until_signal
from iterable_webhooks.http.app import build_app
from iterable_webhooks.http.connection import IDLE_TIMEOUT, Connection
from iterable_webhooks.settings.receiver import Settings
from iterable_webhooks.store.opening import open_for_writing

_GRACE: Final = 20
"""Seconds in which deliveries that have begun may end after a signal."""


def serve(settings: Settings, on_start: Callable[[str], None]) -> None:
    """Receive until SIGTERM or SIGINT, answer what was begun, then leave with exit code 0.

    Args:
        settings: they were checked.
        on_start: gets the URL, once it answers.

    Raises:
        WebhookStoreError: if the store cannot be opened.
        OSError: if the address or the file of the store cannot be had, or a certificate cannot be read.
        SystemExit: at the end.
    """
    engine = open_for_writing(settings.store, settings.lock_timeout)
    listener = listen(settings.host, settings.port)
    try:
        run_until_signal(
            build_app(settings, engine),
            listener,
            on_start,
            certfile=settings.certfile,
            keyfile=settings.keyfile,
            http=Connection,
            lifespan="on",
            timeout_keep_alive=IDLE_TIMEOUT,
            timeout_graceful_shutdown=_GRACE,
            limit_concurrency=settings.max_connections,
        )
    finally:
        engine.dispose()
