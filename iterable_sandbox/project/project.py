"""One Iterable project: its settings, its data, its clock and its limits."""

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
    """What every route works on."""

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
        """Let it be another time. Limits that were used up after it are free again."""
        if moment < self.clock.moment():
            self.rate_limits = RateLimits(self.clock)
        self.clock.set(moment)

    def field_draft(self) -> FieldDraft:
        """A view on the field types for one request."""
        return FieldDraft(self.store, self.settings)

    def next_shuffle(self) -> int:
        """A number that is another one each time: what comes in no order comes in a new one."""
        return next(self._shuffles)
