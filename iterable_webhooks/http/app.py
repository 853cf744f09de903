"""The ASGI application of a receiver."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Final

from sqlalchemy.engine import Engine
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from iterable_webhooks.http.authorization import SecretCheck
from iterable_webhooks.http.bodies import BodyReader
from iterable_webhooks.http.monitoring import Monitoring
from iterable_webhooks.http.receiving import Receiver
from iterable_webhooks.ingest.group_commit import GroupCommit
from iterable_webhooks.ingest.metrics import Metrics
from iterable_webhooks.ingest.pending_bytes import PendingBytes
from iterable_webhooks.settings.receiver import Settings
from iterable_webhooks.store.appending import appender
from iterable_webhooks.store.errors import WebhookStoreError
from iterable_webhooks.store.retention import remove_some

_REMOVAL_PAUSE: Final = 600
_REPORT_PAUSE: Final = 60

_logger: Final = logging.getLogger(__name__)


def build_app(settings: Settings, engine: Engine) -> ASGIApp:
    """Return the application over a store that `open_for_writing` gave."""
    metrics = Metrics()
    pending = PendingBytes(settings.max_pending_mb * 1_000_000)
    commits = GroupCommit(appender(engine), pending, metrics, settings.store_timeout, settings.most_rows)
    receiver = Receiver(
        SecretCheck(settings.secrets, settings.secret_header),
        BodyReader(settings.max_body_kb * 1_024, settings.body_timeout, pending),
        commits,
        metrics,
        has_paths=settings.paths,
    )
    monitoring = Monitoring(commits, pending, metrics)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        commits.start()
        tasks = [asyncio.create_task(_report(metrics))]
        if settings.keep is not None:
            tasks.append(asyncio.create_task(_remove(engine, settings.keep)))
        yield
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await commits.stop()

    others = Starlette(
        routes=[
            Route("/health", monitoring.health),
            Route("/metrics", monitoring.metrics),
            Route("/{path:path}", receiver, methods=["POST"]),
        ],
        lifespan=lifespan,
    )

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        """Pass deliveries on without routing, which takes as long as all else that is done for one."""
        is_delivery = scope["type"] == "http" and scope["method"] == "POST"
        await (receiver if is_delivery else others)(scope, receive, send)

    return app


async def _remove(engine: Engine, keep: timedelta) -> None:
    """Remove what was read and is old, now and then."""
    while True:
        removed = 0
        try:
            while count := await asyncio.to_thread(remove_some, engine, keep):
                removed += count
        except WebhookStoreError as error:
            _logger.warning("Old events are not removed now: %s", error)
        if removed:
            _logger.info("Removed %d rows that are older than %d days.", removed, keep.days)
        await asyncio.sleep(_REMOVAL_PAUSE)


async def _report(metrics: Metrics) -> None:
    """Log how many deliveries were answered how, once a minute if there were any."""
    while True:
        await asyncio.sleep(_REPORT_PAUSE)
        if answers := metrics.new_answers():
            _logger.info(
                "Answers to deliveries in the last minute: %s.",
                ", ".join(f"{n} x {status}" for status, n in answers.items()),
            )
