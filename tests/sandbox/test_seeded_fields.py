"""A seeded project has the fields that rows of real projects have, as far as examples and schemas of taps tell them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import pytest

from iterable_api.facts.data_types import DATA_TYPES
from iterable_sandbox.seed.plan import Plan
from iterable_sandbox.seed.seeding import seed
from iterable_sandbox.store.store import Store
from tests.sandbox.conftest import Http, opened

_EVENT: Final = "createdAt email"
_MESSAGE: Final = f"{_EVENT} campaignId messageId templateId"
_STORED: Final = "itblInternal.documentCreatedAt itblInternal.documentUpdatedAt"
_CHANNEL: Final = "channelId messageTypeId"
_SEND: Final = f"{_MESSAGE} {_CHANNEL} contentId catalogCollectionCount catalogLookupCount productRecommendationCount"
_SKIP: Final = f"{_MESSAGE} {_CHANNEL} contentId reason transactionalData userId"
_PLACE: Final = "city country region"
_AGENT: Final = "ip userAgent userAgentDevice"
_DEVICE: Final = "deviceInfo.appPackageName deviceInfo.deviceId deviceInfo.platform"
_IN_APP: Final = (
    f"{_MESSAGE} {_STORED} {_DEVICE} expiresAt userId "
    "messageContext.location messageContext.saveToInbox messageContext.silentInbox"
)
_SUBSCRIPTION: Final = (
    f"{_EVENT} {_STORED} campaignId channelIds emailListId emailListIds eventName messageTypeIds templateId userId "
    "workflowId"
)
_PROVIDER: Final = "espAccountId espName"

REAL: Final[Mapping[str, str]] = {
    "emailSend": f"{_SEND} {_STORED} espName messageBusId transactionalData userId",
    "emailOpen": f"{_MESSAGE} {_STORED} {_PLACE} {_AGENT} contentId eventName isBot proxySource userId",
    "emailClick": f"{_MESSAGE} {_STORED} {_PLACE} {_AGENT} contentId eventName hrefIndex isBot url userId",
    "hostedUnsubscribeClick": f"{_MESSAGE} {_PLACE} {_AGENT} url userId",
    "emailComplaint": f"{_MESSAGE} {_STORED} eventName recipientState userId",
    "emailBounce": f"{_MESSAGE} {_STORED} eventName recipientState status userId",
    "emailSendSkip": f"{_SKIP} {_STORED}",
    "pushSend": f"{_SEND} {_STORED} notificationsEnabled platformEndpoint transactionalData userId",
    "pushOpen": f"{_MESSAGE} {_STORED} actionIdentifier appAlreadyRunning sentAt userId",
    "pushUninstall": f"{_MESSAGE} {_STORED} isGhostPush platformEndpoint userId",
    "pushBounce": f"{_MESSAGE} {_STORED} {_CHANNEL} platformEndpoint userId",
    "pushSendSkip": f"{_SKIP} {_STORED}",
    "inAppSend": f"{_SEND} {_STORED} expiresAt messageContext.saveToInbox messageContext.trigger priorityLevel userId",
    "inAppOpen": _IN_APP,
    "inAppClick": f"{_IN_APP} clickedUrl sentAt",
    "inAppClose": f"{_IN_APP} closeAction",
    "inAppDelete": f"{_IN_APP} deleteAction",
    "inAppDelivery": f"{_MESSAGE} {_STORED} {_DEVICE} expiresAt messageContext.saveToInbox userId",
    "inAppSendSkip": f"{_SKIP} {_STORED}",
    "inAppRecall": f"{_MESSAGE} total",
    "smsSend": (
        f"{_SEND} {_STORED} {_PROVIDER} billingParty fromSMSSenderId isSMSEstimation messageBusId mmsSendCount "
        "renderedSmsMessage smsSendCount toPhoneNumber transactionalData userId"
    ),
    "smsBounce": (
        f"{_MESSAGE} {_CHANNEL} smsProviderResponse.code smsProviderResponse.message smsProviderResponse.more_info "
        "smsProviderResponse.status"
    ),
    "smsClick": f"{_MESSAGE} clickedUrl isBot",
    "smsReceived": (
        f"{_EVENT} {_PROVIDER} billingParty fromPhoneNumber mmsReceiveCount recipientCountryCallingCode "
        "recipientCountryName senderPhoneNumberType smsMessage smsReceiveCount toPhoneNumber userId"
    ),
    "smsSendSkip": f"{_MESSAGE} reason",
    "webPushSend": f"{_SEND} {_STORED} browserToken userId",
    "webPushClick": f"{_MESSAGE} {_STORED} contentId userId",
    "webPushSendSkip": f"{_SKIP} {_STORED}",
    "emailSubscribe": f"{_SUBSCRIPTION} firstName isVip lastName profileUpdatedAt signupSource",
    "emailUnSubscribe": f"{_SUBSCRIPTION} bounceMessage channelId messageId recipientState status unsubSource",
    "purchase": f"{_EVENT} {_STORED} campaignId id shoppingCartItems templateId total userId",
    "customEvent": f"{_EVENT} {_STORED} campaignId eventName eventUpdatedAt id templateId userId",
    # Under the names that Iterable stores, not under those of reports.
    "embeddedReceived": f"{_MESSAGE} {_DEVICE}",
    "embeddedClick": f"{_MESSAGE} {_DEVICE} embeddedButtonId embeddedTargetUrl",
    "embeddedImpression": (
        f"{_MESSAGE} {_DEVICE} embeddedImpressionDisplayCount embeddedImpressionDisplayDuration "
        "embeddedImpressionPlacementId embeddedSessionId"
    ),
    "embeddedSession": f"{_EVENT} {_DEVICE} embeddedSessionId",
    "journeyExit": (
        f"{_EVENT} entranceTime exitNodeId exitReason exitRuleId exitTime nodeCount nodePath orgId projectId timeZone "
        "workflowId workflowName"
    ),
    "whatsAppSend": (
        f"{_SEND} {_PROVIDER} billingParty fromWhatsAppSenderId renderedWhatsAppMessage toWhatsAppPhoneNumber "
        "transactionalData whatsAppBodyField"
    ),
    "whatsAppBounce": f"{_MESSAGE} {_CHANNEL} contentId errorCode messageStatus toWhatsAppPhoneNumber userId",
    "whatsAppClick": f"{_MESSAGE} clickedUrl userAgent userAgentDevice",
    "whatsAppReceived": (
        f"{_EVENT} {_PROVIDER} attributionType campaignId fromWhatsAppPhoneNumber receivedAt replyToMessageId "
        "sanitized.inputText templateId toWhatsAppPhoneNumber whatsAppMessage.text whatsAppMessage.type"
    ),
    "whatsAppSeen": (
        f"{_EVENT} {_PROVIDER} campaignId fromWhatsAppPhoneNumber seenAt seenMessageId sentAt templateId "
        "toWhatsAppPhoneNumber"
    ),
    "whatsAppSendSkip": f"{_SKIP} espName".replace(" userId", ""),
    "user": (
        "browserTokens city country devices email emailListIds firstName itblInternal.documentCreatedAt "
        "itblInternal.documentUpdatedAt itblInternal.emailDomain itblInternal.isUnknownUser itblInternal.phoneCountry "
        "lastName locale phoneNumber profileUpdatedAt receivedSMSDisclaimer region signupDate signupSource "
        "subscribedMessageTypeIds timeZone unsubscribedChannelIds unsubscribedMessageTypeIds userId"
    ),
}
"""Data type -> names that rows of real projects have. In projects with userIds there is `itblUserId` beside."""
UNKNOWN: Final = {
    *("inboxSession", "inboxMessageImpression", "unknownSession", "smsUsageInfo", "whatsAppUsageInfo"),
    *("rcsSend", "rcsSendSkip", "embeddedSend", "embeddedSendSkip"),
}
"""Data types of which no row and no schema is public."""


def test_each_data_type_is_known_or_known_to_be_unknown() -> None:
    assert REAL.keys() | UNKNOWN == {data_type.name for data_type in DATA_TYPES}
    assert not REAL.keys() & UNKNOWN


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, set[str]]:
    """Data type -> names in a seeded project that has some rows of each."""
    path = str(tmp_path_factory.mktemp("seeded") / "project.db")
    store = Store(path)
    seed(store, Plan(500, 30_000, 60, 1, datetime(2026, 11, 1, tzinfo=UTC)))
    store.close()
    with opened(database=path) as http:
        return {name: {field for line in http.export(name) for field in line} for name in REAL}


@pytest.mark.parametrize("name", REAL)
def test_a_seeded_project_has_each_field_that_real_rows_have(names: Mapping[str, set[str]], name: str) -> None:
    assert {*REAL[name].split()} - names[name] == set()


def test_a_proxy_hides_where_a_message_was_opened(seeded: Http) -> None:
    opens = seeded.export("emailOpen")
    assert {("proxySource" in line, "city" in line) for line in opens} == {(True, False), (False, True)}
    assert {line["userAgentDevice"] for line in opens if "proxySource" in line} == {"Gmail"}


def test_fields_that_are_seldom_are_on_some_rows_and_not_on_all(seeded: Http) -> None:
    for name, field in (("emailSend", "espName"), ("emailOpen", "eventName"), ("user", "devices")):
        rows = seeded.export(name)
        assert 0 < sum(field in row for row in rows) < len(rows) / 2


def test_a_device_of_the_seed_is_one_as_the_api_returns_it(seeded: Http) -> None:
    row = next(row for row in seeded.export("user") if "devices" in row)
    (device,) = row["devices"]
    assert device.keys() == {"token", "platform", "applicationName", "endpointEnabled"}
    assert json.dumps(seeded.user(row["email"])["devices"]) == json.dumps(row["devices"])
