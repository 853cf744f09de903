"""Templates whose content the API reads and writes: their media, and the members of their content.

The members are those of the contract of July 2026. Two are not in its upserts, but in its updates and answers, and
Iterable's own client (0.13.0) sends them in upserts, too: `BEYOND_UPSERT`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

Kind = Literal["text", "texts", "boolean", "whole", "wholes", "decimal", "object", "objects"]
"""Kind of a value; `texts`, `wholes` and `objects` are arrays. A message type is a `whole`."""

PATH_PARTS: Final[Mapping[str, str]] = {
    "Email": "email",
    "Push": "push",
    "SMS": "sms",
    "InApp": "inapp",
    "Embedded": "embedded",
}
"""Medium of a template -> its part of the path. Templates of other media can neither be read nor written."""

BY_CLIENT_TEMPLATE_ID: Final = "/api/templates/getByClientTemplateId"
"""Endpoint that gives all templates with a `clientTemplateId`, those of campaigns with a `campaignId`."""

HEAD: Final[Mapping[str, Kind]] = {"name": "text", "messageTypeId": "whole", "clientTemplateId": "text"}
"""What all locales of a template share."""
LOCALE: Final[Mapping[str, Kind]] = {"locale": "text", "isDefaultLocale": "boolean"}
"""What says of which locale the content is."""

_LINKS: Final[Mapping[str, Kind]] = {"googleAnalyticsCampaignName": "text", "linkParams": "objects"}
_FEEDS: Final[Mapping[str, Kind]] = {
    "dataFeedIds": "wholes",
    "cacheDataFeed": "boolean",
    "mergeDataFeedContext": "boolean",
}
_FOR_CAMPAIGNS: Final[Mapping[str, Kind]] = {"campaignDataFields": "object"}

CONTENT: Final[Mapping[str, Mapping[str, Kind]]] = {
    "Email": {
        "subject": "text",
        "preheaderText": "text",
        "fromName": "text",
        "fromEmail": "text",
        "replyToEmail": "text",
        "ccEmails": "texts",
        "bccEmails": "texts",
        "html": "text",
        "plainText": "text",
        "dataFeedId": "whole",
        **_FEEDS,
        **_LINKS,
        **_FOR_CAMPAIGNS,
    },
    "Push": {
        "title": "text",
        "message": "text",
        "badge": "text",
        "sound": "text",
        "buttons": "objects",
        "deeplink": "object",
        "richMedia": "object",
        "payload": "object",
        "interruptionLevel": "text",
        "relevanceScore": "decimal",
        "isSilentPush": "boolean",
        "wake": "boolean",
        **_FEEDS,
        **_FOR_CAMPAIGNS,
    },
    "SMS": {"message": "text", "imageUrl": "text", "trackingDomain": "text", **_LINKS, **_FOR_CAMPAIGNS},
    "InApp": {
        "html": "text",
        "payload": "object",
        "expirationDateTime": "text",
        "expirationDuration": "text",
        "inAppDisplaySettings": "object",
        "webInAppDisplaySettings": "object",
        "inboxMetadata": "object",
        **_FOR_CAMPAIGNS,
    },
    "Embedded": {
        "title": "text",
        "body": "text",
        "placementId": "whole",
        "elements": "object",
        "payload": "object",
        **_FOR_CAMPAIGNS,
    },
}
"""Medium -> member of the content -> its kind."""

BEYOND_UPSERT: Final = frozenset({"campaignDataFields", "trackingDomain"})
"""Members that the contract has in updates and answers only."""


def upsert_path(medium: str) -> str:
    """Endpoint that creates or updates templates by their `clientTemplateId`."""
    return f"/api/templates/{PATH_PARTS[medium]}/upsert"


def update_path(medium: str) -> str:
    """Endpoint that updates a template by its id."""
    return f"/api/templates/{PATH_PARTS[medium]}/update"


def content_path(medium: str) -> str:
    """Endpoint that reads the content of a template."""
    return f"/api/templates/{PATH_PARTS[medium]}/get"
