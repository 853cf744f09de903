"""Routes of `copy_project`: the streams of tap-iterable as objects of another project.

Iterable gives other ids there. Lists, channels and message types are found by their names, see `id_mapping`, and
templates by their `clientTemplateId`, see `template_copies`. In events, ids of campaigns and templates are kept as
data, in fields that attribute nothing. Memberships of lists are written with the
users: the stream `list_users` has the same ones, but comes before the names of the lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.profile_fields import RESERVED

RouteEntries: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Glob on a stream's name -> route, as in the setting `streams`."""

_DROPPED_FIELDS: Final[Mapping[str, None]] = dict.fromkeys(RESERVED)
_EVENT_FIELDS: Final[Mapping[str, str | None]] = {
    **_DROPPED_FIELDS,
    "recordId": None,
    "eventUpdatedAt": None,
    "campaignId": "sourceCampaignId",
    "templateId": "sourceTemplateId",
}
_ITEM_FIELDS: Final[Mapping[str, None]] = dict.fromkeys(("lastModified", "size", "dataFields"))

_TEMPLATE_FIELDS: Final[Mapping[str, None]] = dict.fromkeys(("createdAt", "updatedAt"))
_CAMPAIGN_FIELDS: Final[Mapping[str, None]] = dict.fromkeys(
    (
        "workflowId",
        "sendSize",
        "labels",
        "createdByUserId",
        "updatedByUserId",
        "createdAt",
        "updatedAt",
        "startAt",
        "endedAt",
        "dataFields",
    )
)
"""What the API cannot set. `dataFields` of the tap holds fields without a column, and not values for a template."""

_PROJECT_ROUTES: Final[RouteEntries] = {
    "lists": {"object": "lists"},
    "channels": {"object": "channels"},
    "message_types": {"object": "message_types"},
    "users": {"object": "users", "fields": _DROPPED_FIELDS, "foreign_ids": True},
    "custom_event": {"object": "events", "fields": _EVENT_FIELDS},
    "purchase": {"object": "purchases", "fields": {**_EVENT_FIELDS, "eventName": None}},
    "catalogs": {"object": "catalogs"},
    "catalog_field_mappings": {"object": "catalog_field_mappings"},
    "catalog_items": {"object": "catalog_items", "mode": "replace", "fields": _ITEM_FIELDS},
    "metadata": {"object": "metadata", "fields": _ITEM_FIELDS},
    "snippets": {"object": "snippets"},
    "template_contents": {
        "object": "templates",
        "fields": _TEMPLATE_FIELDS,
        "foreign_ids": True,
        "beyond_contract": True,
    },
}
_CAMPAIGN_ROUTES: Final[RouteEntries] = {
    "campaigns": {"object": "campaigns", "fields": _CAMPAIGN_FIELDS, "foreign_ids": True}
}
_SYSTEM_EVENT_ROUTES: Final[RouteEntries] = {
    data_type.stream: {"object": "events", "event_name": data_type.name, "fields": {**_EVENT_FIELDS, "recordId": "id"}}
    for data_type in EVENTS
    if data_type.stream not in _PROJECT_ROUTES
}
_FALLBACK_ROUTE: Final[RouteEntries] = {"*": {"object": "nothing"}}


def project_copy_routes(settings: Mapping[str, Any]) -> RouteEntries:
    """The routes that `copy_project`, `copy_campaigns` and `copy_system_events` add to those of `streams`."""
    if not settings["copy_project"]:
        return {}
    return {
        **_PROJECT_ROUTES,
        **(_CAMPAIGN_ROUTES if settings["copy_campaigns"] else {}),
        **(_SYSTEM_EVENT_ROUTES if settings["copy_system_events"] else {}),
        **_FALLBACK_ROUTE,
    }
