"""`GET /health` and `GET /metrics`."""

from __future__ import annotations

import asyncio

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from iterable_webhooks.ingest.errors import NotTakenError
from iterable_webhooks.ingest.group_commit import GroupCommit
from iterable_webhooks.ingest.metrics import Metrics
from iterable_webhooks.ingest.pending_bytes import PendingBytes
from iterable_webhooks.store.errors import WebhookStoreError


class Monitoring:
    """Answers those who watch a receiver. Neither answer holds personal data, and neither wants the secret."""

    def __init__(self, commits: GroupCommit, pending: PendingBytes, metrics: Metrics) -> None:
        self._commits = commits
        self._pending = pending
        self._metrics = metrics
        self._probe: asyncio.Task[bool] | None = None

    async def health(self, _request: Request) -> Response:
        """200 if the store commits, else 503. However many ask at a time, one commit answers them."""
        if self._probe is None or self._probe.done():
            self._probe = asyncio.create_task(self._commits_now())
        works = await asyncio.shield(self._probe)
        return PlainTextResponse("OK" if works else "The store does not work.", 200 if works else 503)

    async def metrics(self, _request: Request) -> Response:
        """All metrics in the text format of Prometheus."""
        self._metrics.pending_bytes.set(self._pending.count)
        return Response(generate_latest(self._metrics.registry), media_type=CONTENT_TYPE_LATEST)

    async def _commits_now(self) -> bool:
        try:
            await self._commits.store(None)
        except (NotTakenError, WebhookStoreError):
            return False
        return True
