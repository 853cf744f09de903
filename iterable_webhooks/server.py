"""Running a receiver until it is asked to end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import uvicorn

from iterable_api.serving.listening import listen, url_of
from iterable_api.serving.server import Server, exit_on_signals
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
    exit_on_signals()
    config = uvicorn.Config(
        build_app(settings, engine),
        http=Connection,
        ws="none",
        lifespan="on",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_keep_alive=IDLE_TIMEOUT,
        timeout_graceful_shutdown=_GRACE,
        limit_concurrency=settings.max_connections,
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
    )
    # Its warnings are of single requests, and anybody can send any number of those.
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    scheme = "https" if settings.certfile else "http"
    try:
        Server(config, lambda: on_start(url_of(listener, scheme))).run(sockets=[listener])
    finally:
        engine.dispose()
