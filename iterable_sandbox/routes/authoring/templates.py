"""Creating, changing and deleting templates. Texts of successes and of an unknown id are those of recordings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.responses import Response

from iterable_api.facts.template_contents import CONTENT, HEAD, LOCALE, PATH_PARTS, Kind, update_path, upsert_path
from iterable_sandbox.routes.base.call import Call, Endpoint, Handler
from iterable_sandbox.wire.body_schema import (
    BOOLEAN,
    DECIMAL,
    NUMBER,
    OBJECT,
    STRING,
    BodySchema,
    array_of,
    object_of,
)
from iterable_sandbox.wire.responses import bad_params, envelope, json_answer
from iterable_sandbox.writes import templates

_SCHEMAS: Final[Mapping[Kind, BodySchema]] = {
    "text": STRING,
    "texts": array_of(STRING),
    "boolean": BOOLEAN,
    "whole": NUMBER,
    "wholes": array_of(NUMBER),
    "decimal": DECIMAL,
    "object": OBJECT,
    "objects": array_of(OBJECT),
}
_IN_USE: Final = "Templates that are associated with a campaign, and unknown ones, were not deleted"


def _upsert(medium: str) -> Handler:
    def upsert(call: Call) -> Response:
        """Change all templates that have the `clientTemplateId`, or create one."""
        project, body = call.project, call.body
        _check_message_type(call, medium)
        with project.store.database.transaction():
            found = [row for row in _of(call, medium) if row.get("clientTemplateId") == body["clientTemplateId"]]
            for template in found:
                templates.change(project, template, body)
            ids = [row["templateId"] for row in found] or [templates.create(project, medium, body)]
        return envelope(f"Upserted {len(ids)} templates with IDs: {', '.join(map(str, ids))}")

    return upsert


def _update(medium: str) -> Handler:
    def update(call: Call) -> Response:
        """Change one template."""
        project, number = call.project, call.body["templateId"]
        _check_message_type(call, medium)
        with project.store.database.transaction():
            template = project.store.resources.get("template", number)
            if template is None or template["messageMedium"] != medium:
                raise bad_params(f"Template ID: {number} does not exist for this project")
            templates.change(project, template, call.body)
        return envelope()

    return update


def bulk_delete(call: Call) -> Response:
    """POST /api/templates/bulkDelete: deletes base templates; those of campaigns stay. The reason is in our words."""
    resources, ids = call.project.store.resources, list(dict.fromkeys(call.body["ids"]))
    with call.project.store.database.transaction():
        found = {number: resources.get("template", number) for number in ids}
        free = [number for number, template in found.items() if template is not None and "campaignId" not in template]
        for number in free:
            resources.delete("template", number)
    failed = [number for number in ids if number not in free]
    return json_answer({"success": free, "failed": failed} | ({"failureReason": _IN_USE} if failed else {}))


def _of(call: Call, medium: str) -> list[dict[str, Any]]:
    return [row for row in call.project.store.resources.all("template") if row["messageMedium"] == medium]


def _check_message_type(call: Call, medium: str) -> None:
    """Refuse a message type that is unknown or of another medium. Iterable's text is not known."""
    number = call.body.get("messageTypeId")
    if number is not None and number not in templates.message_types(call.project, medium):
        raise bad_params(f"Invalid messageTypeId: {number}")


def _body(medium: str, key: str) -> BodySchema:
    members: dict[str, Kind] = {**HEAD, **LOCALE, "creatorUserId": "text", **CONTENT[medium]}
    fields = {name: _SCHEMAS[kind] for name, kind in members.items()} | {"templateId": NUMBER}
    return object_of(required=(key,), **fields)


ENDPOINTS: Final = (
    *(
        Endpoint("POST", path(medium), handler(medium), _body(medium, key))
        for medium in PATH_PARTS
        for path, handler, key in ((upsert_path, _upsert, "clientTemplateId"), (update_path, _update, "templateId"))
    ),
    Endpoint("POST", "/api/templates/bulkDelete", bulk_delete, object_of(required=("ids",), ids=array_of(NUMBER))),
)
