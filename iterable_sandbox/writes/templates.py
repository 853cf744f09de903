"""Creating and changing templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from iterable_api.facts.template_contents import HEAD
from iterable_sandbox.project.project import Project

Json = dict[str, Any]

DEFAULT_LOCALE: Final = ""
BASE: Final = "Base"
_PROJECT_CREATOR: Final = "owner@example.com"
_NOT_CONTENT: Final = frozenset(
    {*HEAD, "locale", "templateId", "creatorUserId", "metadata", "campaignId", "createdAt", "updatedAt"}
)
_PLACEHOLDER: Final = re.compile(r"\[\[\s*([^\[\]]+?)\s*\]\]")


def create(project: Project, medium: str, body: Mapping[str, Any]) -> int:
    """Create a base template with the content of a request, and return its id.

    Without `messageTypeId` it gets the first message type of its medium, if the project has one. Which one Iterable
    takes, and how it calls a template without a name, is not known.
    """
    number = project.store.resources.new_id("template")
    default_type = next(iter(message_types(project, medium)), None)
    template: Json = {
        "templateId": number,
        "createdAt": project.clock.now(),
        "name": f"Template {number}",
        "creatorUserId": body.get("creatorUserId") or _PROJECT_CREATOR,
        **({} if default_type is None else {"messageTypeId": default_type}),
        "templateType": BASE,
        "messageMedium": medium,
        "contents": {},
    }
    change(project, template, body)
    return number


def change(project: Project, template: Json, body: Mapping[str, Any]) -> None:
    """Write the given fields of a template: those of the whole, and those of the content in the request's locale.

    Members that the contract does not know are kept with the content: Iterable's client sends some in upserts that
    the contract has in updates and answers only.
    """
    locale = body.get("locale") or DEFAULT_LOCALE
    given = {name: value for name, value in body.items() if value is not None}
    head = {name: given[name] for name in HEAD if name in given}
    content = {name: value for name, value in given.items() if name not in _NOT_CONTENT}
    contents = dict(template.get("contents", {}))
    contents[locale] = contents.get(locale, {}) | content
    changed = template | head | {"contents": contents, "updatedAt": project.clock.now()}
    project.store.resources.add("template", [(template["templateId"], changed)])


def copy_for_campaign(project: Project, template: Json, campaign: Json, request: Mapping[str, Any]) -> int:
    """Copy a template for a new campaign, as Iterable does, and return the id of the copy."""
    number, now = project.store.resources.new_id("template"), project.clock.now()
    own = {"templateId": number, "createdAt": now, "updatedAt": now, "campaignId": campaign["id"]}
    copied = template | own | {"name": campaign["name"], "templateType": campaign["type"]}
    if not project.settings.campaign_keeps_client_template_id:
        copied.pop("clientTemplateId", None)
    fields, values = request.get("campaignDataFields"), request.get("dataFields") or {}
    baked = template["messageMedium"] == "Email" and values
    copied["contents"] = {
        locale: (_baked(content, values) if baked else content) | ({"campaignDataFields": fields} if fields else {})
        for locale, content in template.get("contents", {}).items()
    }
    project.store.resources.add("template", [(number, copied)])
    return number


def message_types(project: Project, medium: str) -> list[int]:
    """Ids of the message types whose channel is of a medium."""
    channels = {
        channel["id"] for channel in project.store.resources.all("channel") if channel.get("messageMedium") == medium
    }
    found = project.store.resources.all("messageType")
    return [row["id"] for row in found if row.get("channelId") in channels]


def _baked(value: Any, values: Mapping[str, Any]) -> Any:
    """Content with `[[name]]` replaced by the value of that name; other names stay as they are."""
    if isinstance(value, str):
        return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), value)
    if isinstance(value, dict):
        return {name: _baked(inner, values) for name, inner in value.items()}
    return [_baked(inner, values) for inner in value] if isinstance(value, list) else value
