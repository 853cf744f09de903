"""Serving the page until the process is asked to end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from iterable_api.serving.listening import listen
from iterable_api.serving.server import run_until_signal
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
    run_until_signal(
        build_app(history, settings.password),
        listener,
        on_start,
        certfile=settings.certfile,
        keyfile=settings.keyfile,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_SECONDS,
        limit_concurrency=_MOST_CONNECTIONS,
    )
