"""Each endpoint of Iterable's API in one row: limits, whether a call may be repeated, form of the success, API keys.

The rows of `CONTRACT_ENDPOINTS` are the operations of the API contract of July 2026, all of them and in its order,
which is by path. `client_endpoints` has those that are newer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from iterable_api.facts.client_endpoints import CLIENT_ENDPOINTS
from iterable_api.facts.endpoint_facts import EndpointFacts
from iterable_api.facts.key_types import CLIENTS, DEVICES, READERS
from iterable_api.facts.limits import DAY, MINUTE, SECOND, Limit
from iterable_api.facts.success_responses import (
    ARCHIVED,
    CAMPAIGN,
    CAMPAIGN_ID,
    CATALOGS,
    CHANNELS,
    COUNTS,
    ENVELOPE,
    FIELD_MAPPINGS,
    FIELDS,
    HASHED_EMAILS,
    HASHED_USER_IDS,
    LIST_ID,
    LISTS,
    MESSAGE_TYPES,
    QUEUED,
    SNIPPET_ID,
    TEMPLATES,
    USER,
    SuccessResponse,
)

CONTRACT_ENDPOINTS: Final[Mapping[tuple[str, str], EndpointFacts]] = {
    (facts.method, facts.path): facts
    for facts in (
        # auth
        EndpointFacts("POST", "/api/auth/jwts/invalidate"),
        # campaigns
        EndpointFacts("GET", "/api/campaigns", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/campaigns/abort", success=ENVELOPE),
        EndpointFacts("POST", "/api/campaigns/activateTriggered", success=ENVELOPE),
        EndpointFacts("POST", "/api/campaigns/archive", (Limit(5, SECOND, "key"),), success=ARCHIVED),
        EndpointFacts("POST", "/api/campaigns/cancel", success=ENVELOPE),
        EndpointFacts("POST", "/api/campaigns/create", repeatable=False, success=CAMPAIGN_ID),
        EndpointFacts("POST", "/api/campaigns/deactivateTriggered", success=ENVELOPE),
        EndpointFacts("GET", "/api/campaigns/metrics", (Limit(10, MINUTE),), key_types=READERS),
        EndpointFacts("GET", "/api/campaigns/recurring/{id}/childCampaigns", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/campaigns/trigger", repeatable=False, success=ENVELOPE),
        EndpointFacts("POST", "/api/campaigns/{campaignId}/schedule", success=ENVELOPE),
        EndpointFacts("POST", "/api/campaigns/{campaignId}/send", repeatable=False),
        EndpointFacts("GET", "/api/campaigns/{id}", (Limit(100, SECOND),), success=CAMPAIGN, key_types=READERS),
        # catalogs
        EndpointFacts("GET", "/api/catalogs", (Limit(100, SECOND, "key"),), success=CATALOGS),
        EndpointFacts("DELETE", "/api/catalogs/{catalogName}", success=ENVELOPE),
        EndpointFacts("POST", "/api/catalogs/{catalogName}", success=ENVELOPE),
        EndpointFacts("GET", "/api/catalogs/{catalogName}/fieldMappings", success=FIELD_MAPPINGS),
        EndpointFacts("PUT", "/api/catalogs/{catalogName}/fieldMappings", success=ENVELOPE),
        EndpointFacts("DELETE", "/api/catalogs/{catalogName}/items", success=QUEUED),
        EndpointFacts("GET", "/api/catalogs/{catalogName}/items", (Limit(100, SECOND, "key"),)),
        EndpointFacts("POST", "/api/catalogs/{catalogName}/items", (Limit(100, SECOND, "key"),), success=QUEUED),
        EndpointFacts("DELETE", "/api/catalogs/{catalogName}/items/{itemId}"),
        EndpointFacts("GET", "/api/catalogs/{catalogName}/items/{itemId}"),
        EndpointFacts("PATCH", "/api/catalogs/{catalogName}/items/{itemId}"),
        EndpointFacts("PUT", "/api/catalogs/{catalogName}/items/{itemId}", (Limit(1000, SECOND, "key"),)),
        # channels
        EndpointFacts("GET", "/api/channels", (Limit(100, SECOND),), success=CHANNELS, key_types=READERS),
        # commerce
        EndpointFacts("POST", "/api/commerce/trackPurchase", success=ENVELOPE, key_types=CLIENTS),
        EndpointFacts("POST", "/api/commerce/updateCart", success=ENVELOPE, key_types=CLIENTS),
        # email
        EndpointFacts("POST", "/api/email/cancel"),
        EndpointFacts("POST", "/api/email/target", repeatable=False, success=ENVELOPE),
        EndpointFacts("GET", "/api/email/viewInBrowser", (Limit(100, SECOND),)),
        # embedded-messaging
        EndpointFacts("POST", "/api/embedded-messaging/events/click", key_types=CLIENTS),
        EndpointFacts("POST", "/api/embedded-messaging/events/received", key_types=CLIENTS),
        EndpointFacts("POST", "/api/embedded-messaging/events/session", key_types=CLIENTS),
        EndpointFacts("GET", "/api/embedded-messaging/messages", key_types=CLIENTS),
        # events
        EndpointFacts("GET", "/api/events/byUserId/{userId}", (Limit(100, SECOND),)),
        EndpointFacts("POST", "/api/events/inAppConsume", key_types=DEVICES),
        EndpointFacts("POST", "/api/events/track", (Limit(2000, SECOND),), success=ENVELOPE, key_types=CLIENTS),
        EndpointFacts("POST", "/api/events/trackBulk", (Limit(10, SECOND),), success=COUNTS),
        EndpointFacts("POST", "/api/events/trackInAppClick", key_types=DEVICES),
        EndpointFacts("POST", "/api/events/trackInAppClose", key_types=DEVICES),
        EndpointFacts("POST", "/api/events/trackInAppDelivery", key_types=DEVICES),
        EndpointFacts("POST", "/api/events/trackInAppOpen", key_types=DEVICES),
        EndpointFacts("POST", "/api/events/trackPushOpen", key_types=DEVICES),
        EndpointFacts("POST", "/api/events/trackWebPushClick", key_types=DEVICES),
        EndpointFacts("GET", "/api/events/{email}", (Limit(100, SECOND),)),
        # experiments
        EndpointFacts("GET", "/api/experiments/metrics", key_types=READERS),
        # export
        EndpointFacts("GET", "/api/export/data.csv", (Limit(4, MINUTE),)),
        EndpointFacts("GET", "/api/export/data.json", (Limit(4, MINUTE),)),
        EndpointFacts("GET", "/api/export/jobs"),
        EndpointFacts("POST", "/api/export/start", (Limit(1, SECOND, "organisation"),), repeatable=False),
        EndpointFacts("GET", "/api/export/userEvents"),
        EndpointFacts("DELETE", "/api/export/{jobId}", (Limit(1, SECOND),)),
        EndpointFacts("GET", "/api/export/{jobId}/files", (Limit(1, SECOND, "organisation"),)),
        # inApp
        EndpointFacts("POST", "/api/inApp/cancel"),
        EndpointFacts("GET", "/api/inApp/getMessages", key_types=CLIENTS),
        EndpointFacts("GET", "/api/inApp/getPriorityMessage", key_types=CLIENTS),
        EndpointFacts("POST", "/api/inApp/target", repeatable=False, success=ENVELOPE),
        EndpointFacts("GET", "/api/inApp/web/getMessages", key_types=CLIENTS),
        # journeys
        EndpointFacts("GET", "/api/journeys", key_types=READERS),
        # lists
        EndpointFacts("GET", "/api/lists", (Limit(100, SECOND),), success=LISTS, key_types=READERS),
        EndpointFacts("POST", "/api/lists", repeatable=False, success=LIST_ID),
        EndpointFacts("GET", "/api/lists/getUsers", (Limit(5, MINUTE),)),
        EndpointFacts("GET", "/api/lists/previewUsers", (Limit(5, MINUTE),)),
        EndpointFacts("POST", "/api/lists/subscribe", success=COUNTS),
        EndpointFacts("POST", "/api/lists/unsubscribe", success=COUNTS),
        EndpointFacts("DELETE", "/api/lists/{listId}", success=ENVELOPE),
        EndpointFacts("GET", "/api/lists/{listId}/size", (Limit(5, MINUTE),), key_types=READERS),
        # messageTypes
        EndpointFacts("GET", "/api/messageTypes", (Limit(100, SECOND),), success=MESSAGE_TYPES, key_types=READERS),
        # metadata
        EndpointFacts("GET", "/api/metadata", key_types=READERS),
        EndpointFacts("DELETE", "/api/metadata/{table}"),
        EndpointFacts("GET", "/api/metadata/{table}", key_types=READERS),
        EndpointFacts("DELETE", "/api/metadata/{table}/{key}", success=ENVELOPE),
        EndpointFacts("GET", "/api/metadata/{table}/{key}", key_types=READERS),
        EndpointFacts("PUT", "/api/metadata/{table}/{key}", success=ENVELOPE),
        # push
        EndpointFacts("POST", "/api/push/cancel"),
        EndpointFacts("POST", "/api/push/target", repeatable=False, success=ENVELOPE),
        # sms
        EndpointFacts("POST", "/api/sms/cancel"),
        EndpointFacts("POST", "/api/sms/target", repeatable=False, success=ENVELOPE),
        # snippets
        EndpointFacts("GET", "/api/snippets", key_types=READERS),
        EndpointFacts("POST", "/api/snippets", repeatable=False),
        EndpointFacts("DELETE", "/api/snippets/{identifier}", success=SNIPPET_ID),
        EndpointFacts("GET", "/api/snippets/{identifier}", key_types=READERS),
        EndpointFacts("PUT", "/api/snippets/{identifier}", success=SNIPPET_ID),
        # subscriptions
        EndpointFacts("POST", "/api/subscriptions/subscribeToDoubleOptIn", repeatable=False),
        EndpointFacts("PUT", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}", success=QUEUED),
        EndpointFacts("DELETE", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/byUserId/{userId}"),
        EndpointFacts("PATCH", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/byUserId/{userId}"),
        EndpointFacts("DELETE", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/user/{userEmail}"),
        EndpointFacts("PATCH", "/api/subscriptions/{subscriptionGroup}/{subscriptionGroupId}/user/{userEmail}"),
        # templates
        EndpointFacts("GET", "/api/templates", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/templates/bulkDelete"),
        EndpointFacts("GET", "/api/templates/email/get", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/templates/email/preview", (Limit(10, SECOND),)),
        EndpointFacts("POST", "/api/templates/email/proof", (Limit(20, SECOND, "key"),), repeatable=False),
        EndpointFacts("POST", "/api/templates/email/update", success=ENVELOPE),
        EndpointFacts("POST", "/api/templates/email/upsert", success=ENVELOPE),
        EndpointFacts("GET", "/api/templates/embedded/get", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/templates/embedded/update", success=ENVELOPE),
        EndpointFacts("POST", "/api/templates/embedded/upsert", success=ENVELOPE),
        EndpointFacts(
            "GET", "/api/templates/getByClientTemplateId", (Limit(100, SECOND),), success=TEMPLATES, key_types=READERS
        ),
        # The contract states no limit for in-app templates; the other four kinds of template have this one.
        EndpointFacts("GET", "/api/templates/inapp/get", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/templates/inapp/preview", (Limit(10, SECOND),)),
        EndpointFacts("POST", "/api/templates/inapp/proof", (Limit(20, SECOND, "key"),), repeatable=False),
        EndpointFacts("POST", "/api/templates/inapp/update", success=ENVELOPE),
        EndpointFacts("POST", "/api/templates/inapp/upsert", success=ENVELOPE),
        EndpointFacts("GET", "/api/templates/push/get", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/templates/push/proof", (Limit(20, SECOND, "key"),), repeatable=False),
        EndpointFacts("POST", "/api/templates/push/update", success=ENVELOPE),
        EndpointFacts("POST", "/api/templates/push/upsert", success=ENVELOPE),
        EndpointFacts("GET", "/api/templates/sms/get", (Limit(100, SECOND),), key_types=READERS),
        EndpointFacts("POST", "/api/templates/sms/proof", (Limit(20, SECOND, "key"),), repeatable=False),
        EndpointFacts("POST", "/api/templates/sms/update", success=ENVELOPE),
        EndpointFacts("POST", "/api/templates/sms/upsert", success=ENVELOPE),
        # users
        EndpointFacts("POST", "/api/users/bulkUpdate", (Limit(5, SECOND),), success=COUNTS),
        EndpointFacts("POST", "/api/users/bulkUpdateSubscriptions", success=COUNTS),
        EndpointFacts("GET", "/api/users/byUserId", (Limit(100, SECOND),), success=USER, key_types=CLIENTS),
        EndpointFacts("DELETE", "/api/users/byUserId/{userId}", (Limit(100, SECOND),), success=ENVELOPE),
        EndpointFacts("GET", "/api/users/byUserId/{userId}", (Limit(100, SECOND),), key_types=CLIENTS),
        EndpointFacts("POST", "/api/users/disableDevice", success=ENVELOPE, key_types=DEVICES),
        EndpointFacts("POST", "/api/users/forget", (Limit(3, SECOND), Limit(1000, DAY)), success=ENVELOPE),
        EndpointFacts("GET", "/api/users/forgotten", (Limit(3, SECOND),), success=HASHED_EMAILS),
        EndpointFacts("GET", "/api/users/forgottenUserIds", (Limit(3, SECOND),), success=HASHED_USER_IDS),
        EndpointFacts("GET", "/api/users/getByEmail", (Limit(100, SECOND),), success=USER, key_types=CLIENTS),
        EndpointFacts("GET", "/api/users/getFields", (Limit(3, SECOND),), success=FIELDS, key_types=READERS),
        EndpointFacts("GET", "/api/users/getSentMessages", (Limit(3, SECOND),)),
        EndpointFacts(
            "POST",
            "/api/users/merge",
            (Limit(50, SECOND, "key"),),
            repeatable=False,
            success=ENVELOPE,
            key_types=CLIENTS,
        ),
        EndpointFacts("POST", "/api/users/registerBrowserToken", success=ENVELOPE, key_types=DEVICES),
        EndpointFacts(
            "POST", "/api/users/registerDeviceToken", (Limit(500, SECOND),), success=ENVELOPE, key_types=DEVICES
        ),
        # There is no recording of a success of `unforget`; the contract says the same of it as of `forget`.
        EndpointFacts("POST", "/api/users/unforget", (Limit(3, SECOND), Limit(1000, DAY)), success=ENVELOPE),
        EndpointFacts("POST", "/api/users/update", (Limit(500, SECOND),), key_types=CLIENTS),
        EndpointFacts("POST", "/api/users/updateEmail", success=ENVELOPE, key_types=CLIENTS),
        EndpointFacts("POST", "/api/users/updateSubscriptions", key_types=CLIENTS),
        EndpointFacts("DELETE", "/api/users/{email}", (Limit(100, SECOND),), success=ENVELOPE),
        EndpointFacts("GET", "/api/users/{email}", (Limit(100, SECOND),), key_types=CLIENTS),
        # verify
        EndpointFacts("POST", "/api/verify/sms/begin", repeatable=False),
        EndpointFacts("POST", "/api/verify/sms/check", repeatable=False),
        # webPush
        EndpointFacts("POST", "/api/webPush/cancel"),
        EndpointFacts("POST", "/api/webPush/target", repeatable=False, success=ENVELOPE),
        # webhooks
        EndpointFacts("GET", "/api/webhooks"),
        EndpointFacts("POST", "/api/webhooks"),
        # whatsApp
        EndpointFacts("POST", "/api/whatsApp/cancel"),
        EndpointFacts("POST", "/api/whatsApp/target", repeatable=False, success=ENVELOPE),
        # workflows
        EndpointFacts("POST", "/api/workflows/triggerWorkflow", repeatable=False, success=ENVELOPE),
    )
}
"""Those of the contract, by method and path template."""

ENDPOINTS: Final[Mapping[tuple[str, str], EndpointFacts]] = {**CONTRACT_ENDPOINTS, **CLIENT_ENDPOINTS}
"""All that are known, by method and path template."""


def facts_of(method: str, path: str) -> EndpointFacts:
    """The row of an endpoint; the defaults for one that is not known."""
    return ENDPOINTS.get((method, path)) or EndpointFacts(method, path)


def success_of(method: str, path: str) -> SuccessResponse:
    """The form of a success.

    Raises:
        LookupError: if it is not in the endpoint's row.
    """
    success = facts_of(method, path).success
    if success is None:
        raise LookupError(f"the row of {method} {path} has no form of a success")
    return success
