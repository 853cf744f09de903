"""Templates."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from iterable_sandbox.routes.base.call import Call, Endpoint
from iterable_sandbox.routes.base.pages import resource_page, sorted_as_requested
from iterable_sandbox.wire.responses import bad_params, json_answer

_PATH: Final = "/api/templates"
_SORTABLE: Final = ("templateId", "name", "createdAt", "updatedAt")
_CHOICES: Final = {
    "templateType": ("Base", "Blast", "Triggered", "Workflow"),
    "messageMedium": ("Email", "Push", "InApp", "SMS"),
}
_LIST_FIELDS: Final = (
    "templateId",
    "createdAt",
    "updatedAt",
    "name",
    "creatorUserId",
    "messageTypeId",
    "campaignId",
    "clientTemplateId",
)
"""Fields of a template in a list. Type, medium and content are not among them."""


def list_templates(call: Call) -> Response:
    """GET /api/templates: paged, sorted, filtered by the time of creation."""
    wanted = {name: value for name in _CHOICES if (value := _choice(call, name)) is not None}
    earliest, latest = call.window()
    found = [
        template
        for template in call.project.store.resources.all("template")
        if all(template[name] == value for name, value in wanted.items())
        and (earliest is None or template["createdAt"] >= earliest * 1000)
        and (latest is None or template["createdAt"] < latest * 1000)
    ]
    return json_answer(resource_page(call, _PATH, "templates", sorted_as_requested(call, found, _SORTABLE), list_entry))


def _choice(call: Call, name: str) -> str | None:
    value = call.text(name)
    if value is not None and value not in _CHOICES[name]:
        raise bad_params(f"Invalid {name}: {value}")
    return value


def list_entry(template: dict[str, Any]) -> dict[str, Any]:
    """Entry of a template in a list."""
    return {name: template[name] for name in _LIST_FIELDS if name in template}


ENDPOINTS: Final = (Endpoint("GET", _PATH, list_templates),)
