"""One Iterable project: settings, data, clock, limits."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from secrets import token_bytes

from iterable_sandbox.exports.job import Job
from iterable_sandbox.faults import FaultPlan
from iterable_sandbox.project.request_log import RequestLog
from iterable_sandbox.rules.delayed_writes import DelayedWrites
from iterable_sandbox.rules.field_types import PURCHASE, USER, FieldDraft
from iterable_sandbox.rules.identities import UserResolver
from iterable_sandbox.rules.profiles import PURCHASE_FIELDS, SYSTEM_FIELDS
from iterable_sandbox.rules.rate_limits import RateLimits
from iterable_sandbox.rules.settings import Settings
from iterable_sandbox.store.store import Store
from iterable_sandbox.webhooks.webhooks import Webhooks
from iterable_sandbox.wire.clock import Clock


class Project:
    """State of one sandbox, which all routes work on.

    Attributes:
        settings: current settings.
        store: the data.
        clock: source of all times.
        rate_limits: buckets of the rate limits.
        delayed_writes: writes that are accepted and not applied yet.
        faults: faults to inject.
        log: request log.
        signing_key: secret of the URLs of export files.
        export_jobs: id -> export job.
        user_resolver: finds users by their identifiers.
    """

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self.settings = settings
        self.store = store
        self.clock = clock
        self.rate_limits = RateLimits(clock)
        self.delayed_writes = DelayedWrites(store, clock)
        self.faults = FaultPlan()
        self.log = RequestLog()
        self.webhooks = Webhooks(store, clock, lambda: self.settings)
        self.signing_key = token_bytes(16)
        self.export_jobs: dict[int, Job] = {}
        self.user_resolver = UserResolver(store, settings.project_type)
        self._shuffles = count()
        for owner, types in ((USER, SYSTEM_FIELDS), (PURCHASE, PURCHASE_FIELDS)):
            store.fields.add((owner.key, path, type_) for path, type_ in types.items())

    def set_time(self, moment: datetime) -> None:
        """Set the clock. A time in the past resets the rate limits, as their buckets hold later times."""
        if moment < self.clock.moment():
            self.rate_limits = RateLimits(self.clock)
        self.clock.set(moment)

    def field_draft(self) -> FieldDraft:
        """Create a draft of the field types for one request."""
        return FieldDraft(self.store, self.settings)

    def next_shuffle(self) -> int:
        """Return a new number each time, the seed of the next shuffle."""
        return next(self._shuffles)
