"""Names that other connectors have for Iterable's data: the facts that the page about migrating is held against.

Names only, from public code and documentation of 2026:

- Airbyte: `airbyte-source-iterable` 1.0.1, its streams, settings, and the columns of users.
- Fivetran: the columns that the staging macros of its package `dbt_iterable` 1.4 name, without those of Fivetran's own.
- PostHog: its source `iterable`, with the keys of its tables.
- Estuary: `source-iterable-native` of August 2026, with the keys of its bindings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AIRBYTE_SETTINGS: Final = frozenset({"api_key", "start_date", "region", "lookback_window"})
AIRBYTE_STREAMS: Final = _words(
    """
    campaigns campaigns_metrics channels events list_users lists message_types metadata templates users
    email_bounce email_click email_complaint email_open email_send email_send_skip email_subscribe email_unsubscribe
    hosted_unsubscribe_click push_bounce push_open push_send push_send_skip push_uninstall
    in_app_click in_app_close in_app_delete in_app_delivery in_app_open in_app_send in_app_send_skip
    inbox_session inbox_message_impression sms_bounce sms_click sms_received sms_send sms_send_skip sms_usage_info
    web_push_click web_push_send web_push_send_skip purchase custom_event
    """
)
AIRBYTE_USERS: Final = _words(
    """
    email userId emailListIds itblUserId knownLitigatorFilter profileUpdatedAt receivedSMSDisclaimer signupDate
    signupSource subscribedMessageTypeIds unsubscribedChannelIds unsubscribedMessageTypeIds userListIds country city
    region devices ip locale phoneNumber whatsAppPhoneNumber profile timeZone itblInternal.emailDomain
    itblInternal.phoneCountry itblInternal.phoneType itblInternal.documentCreatedAt itblInternal.documentUpdatedAt
    itblInternal.isUnknownUser itblDS.brandAffinityLabel itblDS.predictiveGoals data
    """
)

_FIVETRAN: Final = """
event: campaign_id content_id created_at email event_name message_bus_id message_id message_type_id recipient_state
event: status unsub_source user_agent user_agent_device transactional_data additional_properties
event_extension: app_already_running badge catalog_collection_count catalog_lookup_count canonical_url_id
event_extension: content_available content_id device email_id email_subject experiment_id from_phone_number_id
event_extension: from_smssender_id link_id link_url locale payload platform_endpoint push_message region sms_message
event_extension: to_phone_number url workflow_id workflow_name city clicked_url country error_code expires_at
event_extension: from_phone_number in_app_body is_sms_estimation labels message_status mms_send_count reason
event_extension: sms_send_count
campaign_history: campaign_state created_at created_by_user_id updated_by_user_id ended_at id name
campaign_history: recurring_campaign_id send_size start_at template_id type updated_at workflow_id message_medium
campaign_label_history: campaign_id label updated_at
campaign_list_history: campaign_id list_id updated_at
campaign_suppression_list_history: campaign_id suppressed_list_id updated_at
channel: id name channel_type message_medium
journey: id name description enabled is_archived journey_type lifetime_limit simultaneous_limit start_tile_id
journey: trigger_event_names creator_user_id created_at updated_at
list: id name description list_type created_at
list_user: index list_id
message_type: channel_id id name created_at frequency_cap rate_limit_per_minute subscription_policy updated_at
template_history: client_template_id created_at creator_user_id id message_type_id name template_type updated_at
user_history: email email_list_ids first_name last_name phone_number signup_date signup_source updated_at user_id
user_history: iterable_user_id
user_unsubscribed_channel: channel_id email updated_at
user_unsubscribed_message_type: message_type_id email updated_at
"""


def _by_table(text: str) -> Mapping[str, frozenset[str]]:
    tables: dict[str, frozenset[str]] = {}
    for line in text.strip().splitlines():
        table, _, columns = line.partition(": ")
        tables[table] = tables.get(table, frozenset()) | set(columns.split())
    return tables


FIVETRAN: Final = _by_table(_FIVETRAN)
"""Table -> its columns."""
FIVETRAN_FORMER: Final = {
    "user_unsubscribed_channel": "user_unsubscribed_channel_history",
    "user_unsubscribed_message_type": "user_unsubscribed_message_type_history",
}
"""Table -> the name that it had, or has in other connections."""
FIVETRAN_UNSEEN: Final = frozenset({"campaign_metrics", "user_device"})
"""Tables that the connector has and the package does not read, so that their columns are not known."""

POSTHOG_SETTINGS: Final = frozenset({"api_key", "region"})
POSTHOG: Final[Mapping[str, tuple[str, ...]]] = {
    "campaigns": ("id",),
    "channels": ("id",),
    "lists": ("id",),
    "message_types": ("id",),
    "templates": ("templateId",),
    "campaign_metrics": ("id",),
    "list_users": ("listId", "email"),
}
"""Table -> its key, beside the tables of export data types."""
POSTHOG_LACKS: Final = frozenset({"unknownSession", "rcsSend", "rcsSendSkip"})
"""Export data types without a table; there are tables of 50."""

ESTUARY_SETTINGS: Final = frozenset(
    {"credentials", "project_type", "start_date", "advanced.window_size", "advanced.list_users_timeout"}
)
ESTUARY: Final[Mapping[str, tuple[str, ...]]] = {
    "campaigns": ("id",),
    "campaign_metrics": ("id",),
    "channels": ("_meta/row_id",),
    "message_types": ("_meta/row_id",),
    "lists": ("_meta/row_id",),
    "metadata_tables": ("_meta/row_id",),
    "templates": ("_meta/row_id",),
    "list_users": ("_meta/row_id",),
    "users": ("email", "itblUserId"),
    "events": ("_estuary_id", "eventType"),
}
"""Binding -> its key; of users one or the other, by the type of the project."""
ESTUARY_LACKS: Final = frozenset({"rcsSend", "rcsSendSkip"})
"""Export data types that are not among the events there."""
