"""Settings of a sandbox: behaviour of Iterable that depends on the project or is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from pydantic import Field

from iterable_api.facts.identity import ProjectType
from iterable_api.facts.key_types import KeyType
from iterable_sandbox.rules.delayed_writes import Queue
from iterable_sandbox.wire.bounds import MAX_SECONDS, Count, Positive, Seconds, Share

DEFAULT_API_KEY: Final = "5a2db0c5a2db0c5a2db0c5a2db0c5a2d"
"""32 hexadecimal digits, as Iterable's keys are."""

ORGANISATION_ID: Final = 1_402
"""The organisation that every project here belongs to."""


@dataclass(frozen=True)
class Settings:
    """Settings of one sandbox. Defaults are Iterable's observed behaviour, or else the cautious interpretation.

    Attributes:
        keys: further API keys -> their types; `api_key` is a server key.
        limits: whether the documented rate limits are enforced.
        apply_delays: queue -> seconds until a write takes effect. Observed: 2 to 12 for `single`, 30 to 60 for `bulk`
            and `list`, up to 90 for `catalog`; documented: 600 for `forget`.
        unknown_fields: treatment of fields that are new to the project, if `createNewFields` is not given.
        decimals_into_long: treatment of 1.5 in a field of whole numbers. Not documented.
        whole_decimals: the type that is seen in 5.0: a `double`, or a `long` as in 5. Not documented.
        type_clashes: what a wrong type makes fail in bulkUpdate and subscribe: the whole batch, as observed, or only
            the row, as the `invalidData` buckets suggest.
        max_user_fields: maximum number of user fields; more are refused with 400 UniqueFieldsLimitExceeded. Iterable
            raises it on request.
        max_event_fields: the same for all custom events together.
        disallowed_events: event names that the project does not track.
        count_disallowed: whether refused event names count in `failCount`. Not documented.
        unknown_email_in_events: whether an event creates its user. Sources contradict each other.
        unknown_user_in_subscriptions: whether a subscription creates its user. Not documented.
        subscription_endpoints: whether the feature behind `/api/subscriptions` is on. Iterable enables it on request;
            the tests of its own client take it for granted.
        subscription_code: code of answers of `/api/subscriptions`. Iterable's own client takes no other than Success
            there, though it knows a code Accepted.
        opt_in_message_types: whether the project has opt-in message types. Iterable enables them on request.
        update_only: whether bulkUpdate respects `updateOnly`, which is not documented. Iterable enables it on request.
        update_text: whether `users/update` reports success in `msg`. Both were observed.
        unknown_user_id: answer to a GET of a userId that nobody has: a 400 with the code that Block's Go client knows;
            a 400 in plain text, as recorded in 2017; or 200 with `{}` or an empty `user`, as other clients tolerate and
            as it is for an unknown address.
        empty_user_id: treatment of an empty userId beside an address: absent, or malformed. Block's Go client always
            sends both keys. That an empty address is malformed is recorded.
        unpaginated: whether campaigns and templates come as one array if no page is requested, as in old projects.
        old_list_answers: whether subscribe answers with four fields only, as in 2021.
        old_texts: whether answers have the words of recordings from 2017 to 2022 where newer ones are known: about
            unknown lists, the deletion of an unknown userId, a malformed `currentEmail`, bodies of another shape (which
            come back in the text, with all headers but those with keys), and limits of exports. Exports of JSON are
            `text/plain` then, and end with a newline.
        keys_have_types: whether the type of a key decides what it may call. In recordings of 2017 one key calls all.
        repeated_metric_titles: whether metrics of campaigns have each title once for each campaign, as in an answer of
            2017 about two campaigns, and three titles of other words.
        shuffle: whether exports and list members come in no useful order.
        flatten_nested: whether exports also flatten the objects of custom fields to dotted keys.
        trailing_newline: whether the last line of an export ends with a newline.
        catalog_status: status of writes to catalog items: 200, as observed, or 202, which the contract allows too.
        catalog_item: the form of a single item: bare, as contract and Iterable's own client have it, or in the
            envelope.
        metrics_without_dates: range of metrics if no dates are given: all times, or the month that the contract names
            as default.
        metadata_page: number of keys of a metadata table in one answer. Not documented.
        absent_template: answer to a request for the content of a missing template: 404 or 500, as the tests of
            Iterable's own client know, or 400, as recorded in 2017.
        campaign_scheduling: whether campaigns can be scheduled by the API; without it, 403. Iterable has to enable it.
        campaign_activation: whether triggered campaigns can be activated and deactivated by the API; without it, 403.
            Iterable has to enable it.
        campaign_keeps_client_template_id: whether the copy of a template that a campaign gets has its
            `clientTemplateId`. Not documented; that several templates may share one is.
        blank_lines: whether export files and list members have blank lines between their lines, as was observed.
        export_polls: number of polls that each state of an export job lasts; 0 ends a job at its first poll.
        export_file_bytes: maximum size of one file of a job.
        export_job_bytes: size above which a job is truncated.
        export_failures: number of first jobs that fail instead of completing.
        export_restarts: number of times that each job goes back from running to enqueued.
        export_url_seconds: validity of the URL of a file.
        unknown_export_job: answer to the id of a missing job. Not documented.
        experiment_answers: the form of answers about experiments: nested, as Iterable's own client of September 2026
            takes them; flat, as its release before did; or absent, as in a project that does not have these endpoints.
        long_experiment_rows: whether the row of a winner in the metrics of experiments has a cell more than the header.
            A client published by others drops such cells; in the recorded answer there are none.
        recipient_phones: whether messages by SMS and WhatsApp may name their recipient by `recipientPhone`, as
            Iterable's own client does. The contract does not know it.
        sent_message_details: whether sent messages have the names, the medium, the status and the times that Iterable's
            own client knows, beside the four fields of the contract.
        cancelled_jobs: whether the list of export jobs has cancelled ones. One client has a name for that state, and
            another, Iterable's own, has none and fails if it meets one.
        export_start_burst: number of exports that can be started at once, after which the documented limit holds. More
            than 1 is an inference: the tests of Iterable's own client start three within seconds.
        keep_alive_seconds: seconds until an idle connection is closed; load balancers usually keep one for a minute.
            It is read when the sandbox starts.
        keys_at_file_urls: treatment of an `Api-Key` at the URL of a file. The server behind Iterable's URLs belongs to
            another company and ignores it; refusing makes the client's mistake visible.
        webhook_plain_http: which `http://` URLs webhooks may have. Iterable wants `https://`.
        webhook_basic_auth: what `Authorization` bears for `authType` Basic: the bare token, as in Iterable's example;
            `Basic` before it, as an older text says; or `Basic` and base64. Which it is, is not known.
        webhook_transactional_data: the form of `transactionalData` in webhooks: text, as was seen lately, or an object,
            as an older example shows.
        webhook_names_on_skips: whether skips have joined names in webhooks, as was seen lately.
        webhook_document_ids: whether webhooks bear `esDocumentId`, as was seen lately.
        webhook_message_ids: whether opens and clicks of push and in-app messages bear `messageId` in webhooks; older
            examples do not.
        webhook_in_app_delete: the `eventName` of an in-app delete. Not documented.
        webhook_list_updates: whether changes of lists alone are told to webhooks. Lists have an option against it.
        webhook_send_switches: what `blastSendEnabled` and `triggeredSendEnabled` are about: sends of e-mail, which have
            a tick for each, or all events of campaigns. Not documented.
        webhook_without_channel: what a webhook that is limited to channels or message types gets of events that belong
            to none. Not documented.
        webhook_delay: how many seconds after an event its webhooks are called; minutes were seen.
        webhook_timeout: how many seconds a webhook may take to answer. Not documented.
        webhook_accepted: which answers count as success. Not documented.
        webhook_pauses: how many seconds after a failed call it is tried again, for each try after the first. That there
            are such tries is documented, how many and when is not.
        webhook_connections: how many calls are on their way at a time; 1 keeps the order of events. Not documented.
        webhook_shuffle: by how many seconds calls are put off at most, each by another time, so that they change order.
        webhook_duplicates: which share of events, from 0 to 1, is told twice.
        webhook_loss: which share of events, from 0 to 1, is never told.
        log_personal_data: whether the request log keeps URIs and bodies.
    """

    project_type: ProjectType = ProjectType.EMAIL
    project_id: Positive = 8575
    api_key: str = DEFAULT_API_KEY
    keys: Mapping[str, KeyType] = field(default_factory=dict)
    limits: bool = True
    apply_delays: Mapping[Queue, Seconds] = field(default_factory=dict)
    unknown_fields: Literal["allow", "drop"] = "allow"
    decimals_into_long: Literal["refuse", "accept"] = "refuse"
    whole_decimals: Literal["double", "long"] = "double"
    type_clashes: Literal["batch", "row"] = "batch"
    max_user_fields: Count = 1000
    max_event_fields: Count = 8000
    disallowed_events: frozenset[str] = frozenset()
    count_disallowed: bool = True
    unknown_email_in_events: Literal["create", "refuse"] = "create"
    unknown_user_in_subscriptions: Literal["refuse", "create"] = "refuse"
    subscription_endpoints: bool = True
    subscription_code: Literal["Success", "Accepted"] = "Success"
    opt_in_message_types: bool = False
    update_only: bool = False
    update_text: bool = False
    unknown_user_id: Literal["error", "text", "empty", "empty_user"] = "error"
    empty_user_id: Literal["absent", "refuse"] = "absent"
    unpaginated: bool = False
    old_list_answers: bool = False
    old_texts: bool = False
    keys_have_types: bool = True
    repeated_metric_titles: bool = False
    shuffle: bool = True
    flatten_nested: bool = False
    trailing_newline: bool = False
    catalog_status: Literal[200, 202] = 200
    catalog_item: Literal["bare", "envelope"] = "bare"
    metrics_without_dates: Literal["all", "example"] = "all"
    metadata_page: Positive = 100
    absent_template: Literal["not_found", "error", "bad_params"] = "not_found"
    campaign_scheduling: bool = True
    campaign_activation: bool = True
    campaign_keeps_client_template_id: bool = True
    blank_lines: bool = False
    export_polls: Count = 1
    export_file_bytes: Positive = 10_000_000
    export_job_bytes: Count = 100_000_000_000
    export_failures: Count = 0
    export_restarts: Count = 0
    export_url_seconds: Annotated[int, Field(ge=0, le=MAX_SECONDS)] = 1800
    unknown_export_job: Literal["not_found", "bad_params"] = "not_found"
    experiment_answers: Literal["nested", "flat", "absent"] = "nested"
    long_experiment_rows: bool = False
    recipient_phones: bool = False
    sent_message_details: bool = False
    cancelled_jobs: Literal["listed", "hidden"] = "listed"
    export_start_burst: Positive = 1
    keep_alive_seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)] = 75
    keys_at_file_urls: Literal["refuse", "ignore"] = "refuse"
    webhook_plain_http: Literal["loopback", "refuse", "allow"] = "loopback"
    webhook_basic_auth: Literal["bare", "prefixed", "encoded"] = "bare"
    webhook_transactional_data: Literal["text", "object"] = "text"
    webhook_names_on_skips: bool = True
    webhook_document_ids: bool = True
    webhook_message_ids: bool = True
    webhook_in_app_delete: Literal["inAppDelete", "inAppConsume"] = "inAppDelete"
    webhook_list_updates: bool = True
    webhook_send_switches: Literal["emailSend", "campaigns"] = "emailSend"
    webhook_without_channel: Literal["withhold", "send"] = "withhold"
    webhook_delay: Seconds = 0
    webhook_timeout: Annotated[float, Field(gt=0, le=MAX_SECONDS, allow_inf_nan=False)] = 5
    webhook_accepted: Literal["2xx", "200", "below_500"] = "2xx"
    webhook_pauses: tuple[Seconds, ...] = (1, 5)
    webhook_connections: Annotated[int, Field(ge=1, le=32)] = 4
    webhook_shuffle: Seconds = 0
    webhook_duplicates: Share = 0
    webhook_loss: Share = 0
    log_personal_data: bool = False

    def key_type(self, key: str) -> KeyType | None:
        """Type of an API key, or None if the project does not have the key."""
        return KeyType.SERVER if key == self.api_key else self.keys.get(key)
