"""Names of campaigns, templates and journeys, which the export lacks and the project knows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

Rows = Callable[[], Iterable[Mapping[str, Any]]]

BLAST: Final = "Blast"
"""The `type` of a campaign that is sent once to a list."""


class ProjectNames:
    """Looks names up, each kind once a run and only if it is asked for.

    Args:
        campaigns: reads all campaigns; so do the others what they are called.
    """

    def __init__(self, campaigns: Rows, templates: Rows, journeys: Rows, message_types: Rows) -> None:
        self._read_campaigns = campaigns
        self._read_templates = templates
        self._read_journeys = journeys
        self._read_message_types = message_types

    def of(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The names of what an event belongs to, and its channel and message type; without those that are unknown."""
        campaign = self._campaigns.get(record.get("campaignId"), _NO_CAMPAIGN)
        template = self._templates.get(record.get("templateId"), _NO_TEMPLATE)
        workflow_id = record.get("workflowId") or campaign.workflow_id
        message_type = record.get("messageTypeId") or template.message_type
        found = {
            "campaignName": campaign.name,
            "templateName": template.name,
            "workflowId": workflow_id,
            "workflowName": self._journeys.get(workflow_id) if workflow_id else None,
            "messageTypeId": message_type,
            "channelId": self._channels.get(message_type) if message_type else None,
        }
        return {name: value for name, value in found.items() if value is not None}

    def is_blast(self, record: Mapping[str, Any]) -> bool:
        """Whether the campaign of an event is a blast; of an unknown one, whether it carries no data of a trigger."""
        kind = self._campaigns.get(record.get("campaignId"), _NO_CAMPAIGN).type
        return kind == BLAST if kind else not record.get("transactionalData")

    @cached_property
    def _campaigns(self) -> Mapping[Any, _Campaign]:
        return {
            row.get("id"): _Campaign(row.get("name"), row.get("type"), row.get("workflowId"))
            for row in self._read_campaigns()
        }

    @cached_property
    def _templates(self) -> Mapping[Any, _Template]:
        return {
            row.get("templateId"): _Template(row.get("name"), row.get("messageTypeId"))
            for row in self._read_templates()
        }

    @cached_property
    def _journeys(self) -> Mapping[Any, Any]:
        return {row.get("id"): row.get("name") for row in self._read_journeys()}

    @cached_property
    def _channels(self) -> Mapping[Any, Any]:
        return {row.get("id"): row.get("channelId") for row in self._read_message_types()}


class _Campaign(NamedTuple):
    name: str | None
    type: str | None
    workflow_id: int | None


class _Template(NamedTuple):
    name: str | None
    message_type: int | None


_NO_CAMPAIGN: Final = _Campaign(None, None, None)
_NO_TEMPLATE: Final = _Template(None, None)
