"""The fields of exported rows as one table: each means the same in all data types that have it.

Sources are published schemas, recorded export lines and tracking requests. The fields of embedded messages and of exits
from journeys are named as in the event that Iterable's article on embedded messages shows, and as in Snowplow's schema
of system webhooks; that exports name them so, too, is concluded from all other events. Types are written as follows:

    string, integer, number, boolean, object, any      JSON types
    date-time                                          a JSON string that holds a timestamp
    json                                               a JSON string that holds JSON itself
    array, array:TYPE                                  a JSON array (of TYPE)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Field(NamedTuple):
    """Type and meaning of a field."""

    type: str
    description: str


FIELDS: Final[Mapping[str, Field]] = {
    # User and time
    "createdAt": Field(
        "date-time", "When it happened: a send when it was handed over, an open or a click when the user acted."
    ),
    "email": Field("string", "The user's address."),
    "userId": Field("string", "The user's userId, if there is one."),
    "itblUserId": Field("string", "Iterable's own id of the user."),
    "eventName": Field("string", "The name of a custom event."),
    "id": Field("string", "The id that the event was sent to Iterable with."),
    "itblInternal": Field("object", "Iterable's own notes, such as the time at which it stored the row."),
    "eventUpdatedAt": Field("date-time", "When the event was last changed."),
    "sentAt": Field("date-time", "When the message, or the app's report of it, was sent."),
    "receivedAt": Field("date-time", "When it was received."),
    "entranceTime": Field("date-time", "When the user entered the journey."),
    "exitTime": Field("date-time", "When the user left the journey."),
    "seenAt": Field("date-time", "When the user saw the message."),
    "expiresAt": Field("date-time", "Until when the message is shown."),
    # Campaign, template and channel
    "campaignId": Field("integer", "The campaign that it belongs to."),
    "templateId": Field("integer", "The template that it belongs to."),
    "messageId": Field(
        "string",
        "One message to one user; several events may share it. That of an embedded message has the address in it.",
    ),
    "messageTypeId": Field("integer", "The message type that it belongs to."),
    "messageTypeIds": Field("array:integer", "Message types that it is about."),
    "channelId": Field("integer", "The channel that it belongs to."),
    "channelIds": Field("array:integer", "Channels that it is about."),
    "contentId": Field("integer", "The version of the template's content."),
    "workflowId": Field("integer", "The journey that it belongs to."),
    "workflowName": Field("string", "The name of the journey."),
    "emailListId": Field("integer", "The list that it is about."),
    "emailListIds": Field("array:integer", "Lists that it is about; of a user, those that the user is on."),
    "messageBusId": Field("string", "The message's id with the provider that delivers it."),
    "replyToMessageId": Field("string", "The message that it answers."),
    "seenMessageId": Field("string", "The message that was seen."),
    # Content
    "transactionalData": Field("json", "Data that the message was triggered with."),
    "messageContext": Field("object", "How an in-app message was shown."),
    "priorityLevel": Field("number", "The priority of an in-app message."),
    "renderedSmsMessage": Field("string", "The text as it was sent."),
    "renderedWhatsAppMessage": Field("string", "The WhatsApp message as it was sent."),
    "smsMessage": Field("string", "The text as it was received."),
    "whatsAppMessage": Field("object", "The WhatsApp message as it was received."),
    "sanitized": Field("object", "What was received, without harmful parts."),
    "catalogCollectionCount": Field("integer", "How many catalog collections the message used."),
    "catalogLookupCount": Field("integer", "How many catalog items the message looked up."),
    "productRecommendationCount": Field("integer", "How many product recommendations the message used."),
    "whatsAppBodyField": Field("string", "The text of the WhatsApp message as the template has it."),
    "isGhostPush": Field("boolean", "Whether the push was silent, to find out whether the app is still installed."),
    # Delivery
    "espName": Field("string", "The provider that delivers the messages."),
    "espAccountId": Field("string", "The account with that provider."),
    "billingParty": Field("string", "Who is billed for the message."),
    "fromPhoneNumber": Field("string", "The phone number that it came from."),
    "toPhoneNumber": Field("string", "The phone number that it went to."),
    "fromWhatsAppPhoneNumber": Field("string", "The WhatsApp number that it came from."),
    "toWhatsAppPhoneNumber": Field("string", "The WhatsApp number that it went to."),
    "fromSMSSenderId": Field("integer", "The sender of the text message."),
    "fromWhatsAppSenderId": Field("integer", "The sender of the WhatsApp message."),
    "senderPhoneNumberType": Field("string", "The kind of the sender's number."),
    "recipientCountryCallingCode": Field("string", "The calling code of the recipient's country."),
    "recipientCountryName": Field("string", "The recipient's country."),
    "smsSendCount": Field("integer", "How many text messages it was billed as."),
    "mmsSendCount": Field("integer", "How many multimedia messages it was billed as."),
    "smsReceiveCount": Field("integer", "How many text messages it counts as."),
    "mmsReceiveCount": Field("integer", "How many multimedia messages it counts as."),
    "isSMSEstimation": Field("boolean", "Whether these counts are estimates."),
    "attributionType": Field("string", "How the answer was assigned to a message."),
    "platformEndpoint": Field("string", "Where the push went to: a device's registration."),
    "browserToken": Field("string", "The browser that the push went to."),
    # Failures
    "reason": Field("string", "The reason; of a skip, why nothing was sent."),
    "status": Field("string", "The status that the recipient's server gave."),
    "recipientState": Field("string", "What the bounce says about the address, such as HardBounce."),
    "bounceMessage": Field("string", "The message of the recipient's server."),
    "smsProviderResponse": Field("object", "The provider's response."),
    "errorCode": Field("string", "The provider's code of the error."),
    "messageStatus": Field("string", "The status of the message."),
    # Actions of the user
    "url": Field("string", "The link that was clicked."),
    "clickedUrl": Field("string", "The link that was clicked."),
    "hrefIndex": Field("integer", "The position of the link among the links of the message."),
    "actionIdentifier": Field("string", "The button of the push that was tapped."),
    "appAlreadyRunning": Field("boolean", "Whether the app was running when the push was opened."),
    "notificationsEnabled": Field("boolean", "Whether the device shows notifications."),
    "closeAction": Field("string", "How the in-app message was closed."),
    "deleteAction": Field("string", "How the in-app message was deleted."),
    "inboxSessionId": Field("string", "The visit to the app's inbox."),
    "embeddedButtonId": Field("string", "The button that was clicked."),
    "embeddedTargetUrl": Field("string", "Where the click led."),
    "embeddedSessionId": Field("string", "The visit to the page with embedded messages."),
    "embeddedImpressionPlacementId": Field("string", "The placement that the embedded message was shown in."),
    "embeddedImpressionDisplayCount": Field("integer", "How often the embedded message was shown."),
    "embeddedImpressionDisplayDuration": Field("number", "For how many seconds the embedded message was shown."),
    "isBot": Field("boolean", "Whether Iterable attributes it to a program rather than a person."),
    "proxySource": Field("string", "The proxy that the open or click came through, such as Apple's or Google's."),
    "total": Field("number", "What the purchase cost in all; of a recall, how many messages were recalled."),
    "items": Field("any", "What was bought."),
    "shoppingCartItems": Field("any", "What was bought; of a user, what is in the cart."),
    "signupSource": Field("string", "How the user came: an import, the API, a form."),
    "unsubSource": Field("string", "How the user left: a link, a bounce, an import."),
    # Journeys
    "exitReason": Field("string", "Why the user left the journey."),
    "exitRuleId": Field("string", "The rule by which the user left."),
    "exitNodeId": Field("string", "The step at which the user left."),
    "nodeCount": Field("integer", "How many steps the user took."),
    "nodePath": Field("string", "The ids of these steps, with commas between them."),
    "orgId": Field("integer", "The organisation."),
    "projectId": Field("integer", "The project."),
    # Place
    "ip": Field("string", "The IP address that it came from."),
    "city": Field("string", "The city, by IP address."),
    "region": Field("string", "The region, by IP address."),
    "country": Field("string", "The country, by IP address."),
    "timeZone": Field("string", "The time zone, by IP address; of a user, as the profile has it."),
    "userAgent": Field("string", "The user agent of the program that it came from."),
    "userAgentDevice": Field("string", "The kind of that program or device."),
    "deviceInfo": Field("object", "The device and the app."),
    # Users
    "profileUpdatedAt": Field("date-time", "When the profile was last updated."),
    "signupDate": Field("date-time", "When the profile was made."),
    "firstName": Field("string", "First name."),
    "lastName": Field("string", "Last name."),
    "phoneNumber": Field("string", "Phone number."),
    "phoneNumberDetails": Field("any", "What is known of the phone number, such as its carrier."),
    "whatsAppPhoneNumber": Field("string", "WhatsApp number."),
    "locale": Field("string", "The locale in which the user gets messages."),
    "lastKnownLatitude": Field("number", "Latitude of the last known place."),
    "lastKnownLongitude": Field("number", "Longitude of the last known place."),
    "receivedSMSDisclaimer": Field("boolean", "Whether the user was sent the disclaimer for text messages."),
    "knownLitigatorFilter": Field("any", "Whether the number belongs to a person known to sue."),
    "userListIds": Field("array:integer", "Lists that the user is on."),
    "subscribedMessageTypeIds": Field("array:integer", "Message types that the user opted in to."),
    "unsubscribedChannelIds": Field("array:integer", "Channels that the user unsubscribed from."),
    "unsubscribedMessageTypeIds": Field("array:integer", "Message types that the user unsubscribed from."),
    "devices": Field("any", "Devices with the app."),
    "browserTokens": Field("any", "Browsers that may be sent pushes."),
    "profile": Field("object", "Fields under the name `profile`."),
    "itblDS": Field("object", "Iterable's predictions about the user."),
}
