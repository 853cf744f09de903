"""The knobs of a sandbox: where Iterable's behaviour depends on the project, or is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from iterable_api.facts.identity import ProjectType
from iterable_api.facts.key_types import KeyType
from iterable_sandbox.rules.delayed_writes import Queue

DEFAULT_API_KEY: Final = "5a2db0c5a2db0c5a2db0c5a2db0c5a2d"
"""A key has the form of Iterable's: 32 hexadecimal digits."""


@dataclass(frozen=True)
class Settings:
    """What one sandbox does. Defaults are what was seen of the real one, or else the careful reading.

    Attributes:
        keys: further keys by their types; `api_key` is a server key.
        limits: whether the documented rate limits are kept.
        apply_delays: after how many seconds the writes of a queue can be read. Seen were 2 to 12 for `single`, 30 to 60
            for `bulk` and `list`, and up to 90 for `catalog`; 600 are documented for `forget`.
        unknown_fields: what becomes of fields that are new to the project, if `createNewFields` does not say.
        decimals_into_long: whether 1.5 clashes with a field of whole numbers. Not documented.
        type_clashes: what a wrong type costs in bulkUpdate and subscribe: the batch, as seen, or the row alone, as the
            `invalidData` buckets suggest.
        max_user_fields: how many fields users may have; more is 400 UniqueFieldsLimitExceeded. Iterable raises it on
            request.
        max_event_fields: the same for all custom events.
        disallowed_events: event names that the project does not track.
        count_disallowed: whether refused event names enter `failCount`. Not documented.
        unknown_email_in_events: sources contradict each other on whether an event makes its user.
        unknown_user_in_subscriptions: whether a subscription makes its user. Not documented.
        subscription_endpoints: whether the feature is on that `/api/subscriptions` needs. Iterable switches it on.
        opt_in_message_types: whether the project has message types that users must opt in to. Iterable switches it on.
        update_only: whether bulkUpdate heeds `updateOnly`, which is not documented. Iterable switches it on.
        update_text: whether `users/update` says what it did in `msg`; both were seen.
        unknown_user_id: what a GET of an unknown userId answers: `{}`, or a 400 as one client expects.
        unpaginated: whether campaigns and templates come whole when no page is asked for, as in old projects.
        old_list_answers: subscribe answers with four fields only, as in 2021.
        shuffle: whether exports and list members come in no useful order.
        flatten_nested: whether exports also flatten the objects of custom fields to dotted keys.
        trailing_newline: whether the last line of an export ends like the others.
        catalog_status: what writes to catalog items answer: 200, as was seen, or 202, as the contract says too.
        metrics_without_dates: what metrics cover when no dates are given: all times, or the month that the contract
            names as the default of its parameters.
        metadata_page: how many keys of a metadata table one answer holds. Not documented.
        absent_template: what the content of a template that is not there answers; both were seen.
        blank_lines: whether empty lines stand between the lines of export files and of list members, as was seen.
        export_polls: how many polls each state of an export job lasts; 0 ends a job with its first poll.
        export_file_bytes: how large one file of a job may be.
        export_job_bytes: how large a job may be before it is truncated.
        export_failures: how many of the first jobs fail instead of completing.
        export_restarts: how often each job goes back from running to enqueued.
        export_url_seconds: how long the URL of a file is valid.
        unknown_export_job: what the id of a job that is not there answers. Not documented.
        keys_at_file_urls: what a file URL does with an `Api-Key` that is not meant for it. The real one is another
            company's server and takes no notice; here the client hears of it.
        log_personal_data: whether the request log keeps URIs and bodies.
    """

    project_type: ProjectType = ProjectType.EMAIL
    project_id: int = 8575
    api_key: str = DEFAULT_API_KEY
    keys: Mapping[str, KeyType] = field(default_factory=dict)
    limits: bool = True
    apply_delays: Mapping[Queue, float] = field(default_factory=dict)
    unknown_fields: Literal["allow", "drop"] = "allow"
    decimals_into_long: Literal["refuse", "accept"] = "refuse"
    type_clashes: Literal["batch", "row"] = "batch"
    max_user_fields: int = 1000
    max_event_fields: int = 8000
    disallowed_events: frozenset[str] = frozenset()
    count_disallowed: bool = True
    unknown_email_in_events: Literal["create", "refuse"] = "create"
    unknown_user_in_subscriptions: Literal["refuse", "create"] = "refuse"
    subscription_endpoints: bool = False
    opt_in_message_types: bool = False
    update_only: bool = False
    update_text: bool = False
    unknown_user_id: Literal["empty", "error"] = "empty"
    unpaginated: bool = False
    old_list_answers: bool = False
    shuffle: bool = True
    flatten_nested: bool = False
    trailing_newline: bool = False
    catalog_status: Literal[200, 202] = 200
    metrics_without_dates: Literal["all", "example"] = "all"
    metadata_page: int = 100
    absent_template: Literal["not_found", "error"] = "not_found"
    blank_lines: bool = False
    export_polls: int = 1
    export_file_bytes: int = 10_000_000
    export_job_bytes: int = 100_000_000_000
    export_failures: int = 0
    export_restarts: int = 0
    export_url_seconds: int = 1800
    unknown_export_job: Literal["not_found", "bad_params"] = "not_found"
    keys_at_file_urls: Literal["refuse", "ignore"] = "refuse"
    log_personal_data: bool = False

    def key_type(self, key: str) -> KeyType | None:
        """The type of a key, or None if the project does not have it."""
        return KeyType.SERVER if key == self.api_key else self.keys.get(key)
