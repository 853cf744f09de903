"""Evidence of webhook payloads, apart from the code: keys by event, and the keys of a join with the export."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_SEEN: Final = """
campaignId templateId createdAt email messageId: S O C B K U P
campaignName templateName workflowId workflowName experimentId emailSubject labels locale emailId: S O C B K U P
channelId messageTypeId: S O C B K U P
esDocumentId: S C B K U P
contentId: S O C K
catalogLookupCount catalogCollectionCount productRecommendationCount messageBusId espName sendingDomain: S
transactionalData: S K
ip userAgent userAgentDevice city region country timeZone proxySource isBot: O C
url linkUrl trackedLink: C
recipientState: B P
bounceMessage: B
reason: K
unsubSource emailListIds channelIds messageTypeIds: U
"""
"""Keys of e-mail events in production, without optional ones."""

_LETTERS: Final = {
    "S": "emailSend",
    "O": "emailOpen",
    "C": "emailClick",
    "B": "emailBounce",
    "K": "emailSendSkip",
    "U": "emailUnSubscribe",
    "P": "emailComplaint",
}

_NAMES: Final = "campaignName workflowId workflowName templateName channelId messageTypeId experimentId locale"
_HEAD: Final = f"email createdAt campaignId templateId {_NAMES}"
_PUSH: Final = f"{_HEAD} pushMessage payload sound badge contentAvailable deeplink"
_SMS: Final = f"{_HEAD} smsMessage fromPhoneNumberId imageUrl emailId"
_SKIP: Final = "createdAt reason campaignId messageId email"
_SEEN_BY: Final = "messageId emailId labels"
_IN_APP: Final = f"{_HEAD} {_SEEN_BY} messageContext contentId inAppBody expiresAt"
_EXAMPLES: Final = f"""
emailSubscribe: profileUpdatedAt publicIdString signupSource email createdAt messageTypeIds emailListIds channelIds
hostedUnsubscribeClick: {_HEAD} {_SEEN_BY} country city region ip url userAgent userAgentDevice emailSubject
inAppClick: email createdAt campaignId
inAppOpen: email createdAt campaignId
inAppSend: {_IN_APP}
inAppSendSkip: {_IN_APP}
pushBounce: {_PUSH} platformEndpoint
pushOpen: {_PUSH} appAlreadyRunning
pushSend: {_PUSH} platformEndpoint contentId messageId
pushSendSkip: {_SKIP}
pushUninstall: {_PUSH} platformEndpoint isGhostPush messageId
smsBounce: {_SMS} smsProviderResponse
smsClick: {_SMS} clickedUrl messageId labels
smsReceived: fromPhoneNumber toPhoneNumber smsMessage email createdAt
smsSend: {_SMS} toPhoneNumber fromSMSSenderId contentId
smsSendSkip: {_SKIP}
webPushSend: {_HEAD} {_SEEN_BY} browserToken contentId webPushIcon webPushMessage webPushBody webPushClickAction
webPushSendSkip: {_SKIP}
"""
"""Keys of Iterable's own examples, and of one delivery that was published."""

_RECOGNISED: Final = """
emailSend emailSendSkip emailBounce emailComplaint: messageId createdAt
pushSend pushSendSkip pushBounce pushUninstall smsSend smsSendSkip smsBounce: messageId createdAt
inAppSend inAppSendSkip inAppDelete inAppRecall webPushSend webPushSendSkip webPushClick: messageId createdAt
whatsAppSend whatsAppSendSkip whatsAppBounce embeddedReceived embeddedImpression: messageId createdAt
emailOpen: messageId createdAt ip userAgent
hostedUnsubscribeClick: messageId createdAt ip userAgent url
emailClick: messageId createdAt ip userAgent url
smsClick inAppClick whatsAppClick: messageId createdAt clickedUrl
emailUnSubscribe: messageId createdAt unsubSource emailListIds channelIds
emailSubscribe: createdAt signupSource emailListIds
pushOpen inAppOpen: messageId campaignId createdAt
smsReceived: toPhoneNumber fromPhoneNumber createdAt smsMessage
whatsAppReceived: toWhatsAppPhoneNumber fromWhatsAppPhoneNumber createdAt receivedAt
whatsAppSeen: seenMessageId createdAt
embeddedClick: messageId createdAt
embeddedSession: createdAt
journeyExit: workflowId entranceTime exitTime createdAt
"""


def _table(text: str) -> dict[str, set[str]]:
    rows = (line.split(": ") for line in text.strip().splitlines())
    return {name: set(keys.split()) for names, keys in rows for name in names.split()}


def _by_event(seen: Mapping[str, set[str]]) -> dict[str, set[str]]:
    return {name: {key for key, letters in seen.items() if letter in letters} for letter, name in _LETTERS.items()}


PRODUCTION: Final = _by_event(_table(_SEEN))
"""All required keys of each e-mail event."""

EXAMPLES: Final = _table(_EXAMPLES)
"""Some required keys of other events."""

RECOGNISED_BY: Final = _table(_RECOGNISED)
"""Keys that identify an event in both a webhook and the export, beside the user; for all events with webhooks."""
