"""Counts for Prometheus. No label holds anything that a sender can make up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

import prometheus_client
from prometheus_client import CollectorRegistry, Gauge, Histogram

from iterable_api.facts.data_types import DATA_TYPES
from iterable_webhooks.store.events import Delivery

_OTHER: Final = "other"
_KNOWN_NAMES: Final = frozenset(data_type.name for data_type in DATA_TYPES)
_ROWS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)


class Metrics:
    """All metrics of one receiver."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._unreported: dict[int, int] = {}
        self._answers_of: dict[int, prometheus_client.Counter] = {}
        self._answers = prometheus_client.Counter(
            "iterable_webhooks_answers", "Answers to deliveries, by status.", ["status"], registry=self.registry
        )
        self._events = prometheus_client.Counter(
            "iterable_webhooks_events",
            "Events stored, by project and name; names that Iterable's export does not have are `other`.",
            ["project", "event_name"],
            registry=self.registry,
        )
        self._last_event = Gauge(
            "iterable_webhooks_last_event_timestamp_seconds",
            "When the last event of a project was stored.",
            ["project"],
            registry=self.registry,
        )
        self._bytes = prometheus_client.Counter(
            "iterable_webhooks_stored_bytes", "Bytes of bodies stored.", registry=self.registry
        )
        self._commit_seconds = Histogram(
            "iterable_webhooks_commit_seconds", "How long commits took.", registry=self.registry
        )
        self._commit_rows = Histogram(
            "iterable_webhooks_commit_rows", "Rows of a commit.", buckets=_ROWS, registry=self.registry
        )
        self.failed_commits = prometheus_client.Counter(
            "iterable_webhooks_failed_commits", "Commits that the store did not take.", registry=self.registry
        )
        self.pending_bytes = Gauge(
            "iterable_webhooks_pending_bytes", "Bytes of bodies in memory.", registry=self.registry
        )

    def answered(self, status: int) -> None:
        """Count an answer to a delivery."""
        if status not in self._answers_of:
            self._answers_of[status] = self._answers.labels(str(status))
        self._answers_of[status].inc()
        self._unreported[status] = self._unreported.get(status, 0) + 1

    def new_answers(self) -> dict[int, int]:
        """How many deliveries were answered by each status since this was asked last."""
        new, self._unreported = self._unreported, {}
        return dict(sorted(new.items()))

    def committed(self, deliveries: Sequence[Delivery], malformed: int, seconds: float) -> None:
        """Count a commit of `deliveries` and so many malformed bodies."""
        self._commit_rows.observe(len(deliveries) + malformed)
        self._commit_seconds.observe(seconds)
        self._bytes.inc(sum([len(delivery.body) for delivery in deliveries]))
        events = Counter([(delivery.project, delivery.event_name) for delivery in deliveries])
        for (project, name), number in events.items():
            self._events.labels(project, name if name in _KNOWN_NAMES else _OTHER).inc(number)
        for project in {project for project, _ in events}:
            self._last_event.labels(project).set_to_current_time()
