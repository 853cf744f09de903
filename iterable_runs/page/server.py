"""Serving the page until the process is asked to end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import uvicorn

from iterable_api.serving.listening import listen, url_of
from iterable_api.serving.server import Server, exit_on_signals
from iterable_runs.page.app import build_app
from iterable_runs.page.settings import PageSettings
from iterable_runs.queries.history import History

_GRACE_SECONDS: Final = 5
_MOST_CONNECTIONS: Final = 200


def serve(history: History, settings: PageSettings, on_start: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT, then leave with exit code 0.

    Args:
        history: what is shown.
        settings: they were checked.
        on_start: gets the URL, once it answers.

    Raises:
        OSError: if the address cannot be had, or a certificate cannot be read.
        SystemExit: at the end.
    """
    listener = listen(settings.host, settings.port)
    exit_on_signals()
    config = uvicorn.Config(
        build_app(history, settings.password),
        ws="none",
        lifespan="off",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        log_config=None,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
        ssl_certfile=settings.certfile,
        ssl_keyfile=settings.keyfile,
    )
    logging.getLogger("uvicorn").setLevel(logging.ERROR)
    scheme = "https" if settings.certfile else "http"
    Server(config, lambda: on_start(url_of(listener, scheme))).run(sockets=[listener])
