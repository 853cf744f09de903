"""Copying a project: what the streams of tap-iterable are in another project, where nothing else says so.

Ids that Iterable gives are other ones there. Lists, channels and message types are known by their names, see
`renumbering`; ids of campaigns and templates stay as data, under names that attribute nothing. Who is on which list
is written with the users: the stream `list_users` says the same, but comes before the names of the lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from iterable_api.facts.data_types import EVENTS
from iterable_api.facts.profile_fields import RESERVED

Entries: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Glob on a stream's name -> route."""

_LEFT_OUT: Final[Mapping[str, None]] = dict.fromkeys(RESERVED)
_EVENT: Final[Mapping[str, str | None]] = {
    **_LEFT_OUT,
    "recordId": None,
    "eventUpdatedAt": None,
    "campaignId": "sourceCampaignId",
    "templateId": "sourceTemplateId",
}
_OF_ITEMS: Final[Mapping[str, None]] = dict.fromkeys(("lastModified", "size", "dataFields"))

_COPY: Final[Entries] = {
    "lists": {"object": "lists"},
    "channels": {"object": "channels"},
    "message_types": {"object": "message_types"},
    "users": {"object": "users", "fields": _LEFT_OUT, "foreign_ids": True},
    "custom_event": {"object": "events", "fields": _EVENT},
    "purchase": {"object": "purchases", "fields": {**_EVENT, "eventName": None}},
    "catalogs": {"object": "catalogs"},
    "catalog_field_mappings": {"object": "catalog_field_mappings"},
    "catalog_items": {"object": "catalog_items", "mode": "replace", "fields": _OF_ITEMS},
    "metadata": {"object": "metadata", "fields": _OF_ITEMS},
    "snippets": {"object": "snippets"},
}
_SYSTEM_EVENTS: Final[Entries] = {
    data_type.stream: {"object": "events", "event_name": data_type.name, "fields": {**_EVENT, "recordId": "id"}}
    for data_type in EVENTS
    if data_type.stream not in _COPY
}
_ALL_OTHERS: Final[Entries] = {"*": {"object": "nothing"}}


def entries(settings: Mapping[str, Any]) -> Entries:
    """The routes of a copy; none if the settings ask for no copy."""
    if not settings["copy_project"]:
        return {}
    return {**_COPY, **(_SYSTEM_EVENTS if settings["copy_system_events"] else {}), **_ALL_OTHERS}
