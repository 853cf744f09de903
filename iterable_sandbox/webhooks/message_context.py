"""Joined keys of webhooks: names of campaign, template and journey, and unrendered contents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from iterable_sandbox.store.store import Store
from iterable_sandbox.store.tables.resources import Kind

Fields = Mapping[str, Any]

_CONTENT: Final[Mapping[str, str]] = {
    "emailSubject": "subject",
    "pushMessage": "message",
    "title": "title",
    "payload": "payload",
    "badge": "badge",
    "deeplink": "deeplink",
    "contentAvailable": "isSilentPush",
    "smsMessage": "message",
    "inAppBody": "html",
}
"""Keys of a webhook to those of the template's content."""


class MessageContext:
    """Campaign, template, journey and channel of one event, as far as the project has them.

    Attributes:
        campaign_type: `Blast` or `Triggered`; None for an event of no known campaign.
        fields: the joined keys of a webhook, of which each payload takes what it has; also the merge tags of URLs.
    """

    def __init__(self, store: Store, line: Fields) -> None:
        self._store = store
        campaign = self._found("campaign", line.get("campaignId"))
        template = self._found("template", line.get("templateId") or campaign.get("templateId"))
        type_id = line.get("messageTypeId") or template.get("messageTypeId")
        workflow_id = line.get("workflowId") or campaign.get("workflowId")
        self.campaign_type: str | None = campaign.get("type")
        self.fields: dict[str, Any] = {
            "campaignId": line.get("campaignId"),
            "campaignName": campaign.get("name"),
            "templateId": line.get("templateId") or template.get("templateId"),
            "templateName": template.get("name"),
            "workflowId": workflow_id,
            "workflowName": self._found("journey", workflow_id).get("name"),
            "experimentId": self._experiment(campaign),
            "labels": campaign.get("labels"),
            "messageTypeId": type_id,
            "channelId": line.get("channelId") or self._found("messageType", type_id).get("channelId"),
            **_of_content(template.get("contents", {}).get("", {})),
        }

    def _found(self, kind: Kind, number: int | None) -> Fields:
        return {} if number is None else self._store.resources.get(kind, number) or {}

    def _experiment(self, campaign: Fields) -> int | None:
        """Return the id of the campaign's experiment. Only blasts have one."""
        if campaign.get("type") != "Blast":
            return None
        found = (row["id"] for row in self._store.resources.all("experiment") if row["campaignId"] == campaign["id"])
        return next(found, None)


def _of_content(content: Fields) -> dict[str, Any]:
    sender = content.get("fromEmail")
    domain = {"sendingDomain": sender.rpartition("@")[2]} if sender else {}
    return domain | {name: content[stored] for name, stored in _CONTENT.items() if content.get(stored) is not None}
