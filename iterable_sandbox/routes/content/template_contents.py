"""Content of templates: an endpoint per medium, a content per locale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.template_contents import BY_CLIENT_TEMPLATE_ID, content_path
from iterable_sandbox.routes.base.call import Call, Endpoint, Handler
from iterable_sandbox.routes.content.templates import list_entry
from iterable_sandbox.wire.responses import RefusedError, bad_params, internal_error, json_answer, not_found

_COMMON_FIELDS: Final = ("templateId", "name", "messageTypeId", "clientTemplateId")
_FIELDS_BESIDE_CONTENT: Final[Mapping[str, tuple[str, ...]]] = {
    "Email": (*_COMMON_FIELDS, "creatorUserId"),
    "Push": (*_COMMON_FIELDS, "campaignId", "createdAt", "updatedAt"),
    "SMS": (*_COMMON_FIELDS, "campaignId", "createdAt", "updatedAt"),
    "InApp": (*_COMMON_FIELDS, "campaignId"),
    "Embedded": (*_COMMON_FIELDS, "campaignId"),
}
"""Medium of a template -> the fields beside its content."""
_DEFAULT_LOCALE: Final = ""


def _get(medium: str) -> Handler:
    head = _FIELDS_BESIDE_CONTENT[medium]

    def get_template(call: Call) -> Response:
        template = _template(call, medium)
        locale = call.text("locale") or _DEFAULT_LOCALE
        content = template.get("contents", {}).get(locale)
        if content is None:
            raise not_found(f"Content does not exist for locale {locale} of template {template['templateId']}")
        beside = {name: template[name] for name in head if name in template}
        metadata = {"metadata": list_entry(template)} if medium == "Email" else {}
        return json_answer(beside | metadata | ({"locale": locale} if locale else {}) | content)

    return get_template


def by_client_template_id(call: Call) -> Response:
    """GET /api/templates/getByClientTemplateId: all templates that share the id, with their locales."""
    requested = call.required_text("clientTemplateId")
    templates = call.project.store.resources.all("template")
    found = [_entry(template) for template in templates if template.get("clientTemplateId") == requested]
    return json_answer({"templates": found})


def _template(call: Call, medium: str) -> dict[str, Any]:
    number = call.parse_integer("templateId", call.required_text("templateId"))
    template = call.project.store.resources.get("template", number)
    if template is not None and template["messageMedium"] == medium:
        return template
    if call.project.settings.absent_template == "error":
        raise RefusedError(internal_error())
    if call.project.settings.absent_template == "bad_params":
        raise bad_params(f"Template ID: {number} does not exist for this project")
    raise not_found(f"Template not found: {number}")


def _entry(template: dict[str, Any]) -> dict[str, Any]:
    campaign = {"campaignId": template["campaignId"]} if "campaignId" in template else {}
    tags = [tag for tag in template.get("contents", {}) if tag != _DEFAULT_LOCALE]
    locales = [{"displayLanguage": tag.partition("-")[0], "languageTag": tag} for tag in tags]
    return {"templateId": template["templateId"], "locales": locales} | campaign


ENDPOINTS: Final = (
    Endpoint("GET", BY_CLIENT_TEMPLATE_ID, by_client_template_id),
    *(Endpoint("GET", content_path(medium), _get(medium)) for medium in _FIELDS_BESIDE_CONTENT),
)
