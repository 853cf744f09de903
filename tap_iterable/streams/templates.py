"""Templates and their contents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import product
from typing import Any, Final

from iterable_api.errors import BadRequestError, NotFoundError
from iterable_api.facts.template_contents import BY_CLIENT_TEMPLATE_ID, PATH_PARTS, content_path
from iterable_api.http.api_request import Params
from iterable_api.http.client import IterableClient
from tap_iterable.export.json_answers import object_with, rows_in
from tap_iterable.stream_types.resource_stream import MetadataStream, RowIterator, pages
from tap_iterable.streams.campaigns import CAMPAIGNS, campaigns

TEMPLATES: Final = "/api/templates"

_FILTERS: Final = (
    *(
        {"templateType": kind, "messageMedium": medium}
        for kind, medium in product(("Base", "Blast", "Triggered", "Workflow"), ("Email", "Push", "InApp", "SMS"))
    ),
    {},
)

CONTENTS: Final[dict[str, str]] = {medium: content_path(medium) for medium in PATH_PARTS}
"""Medium -> endpoint of the content. Web push, WhatsApp and RCS templates cannot be read."""


def templates(client: IterableClient) -> RowIterator:
    """Each template once, with the type and medium under which it was found.

    Without filters some projects answer with a part only, and the filters do not cover every medium.
    So the endpoint is called in both ways.
    """
    seen: set[int] = set()
    for filters in _FILTERS:
        for template in pages(client, TEMPLATES, "templates", key="templateId", filters=filters):
            if template["templateId"] not in seen:
                seen.add(template["templateId"])
                yield {**filters, **template}


class TemplatesStream(MetadataStream):
    """Templates of every type and medium."""

    name = "templates"
    primary_keys = ("templateId",)
    endpoints = (TEMPLATES,)
    cost = f"{len(_FILTERS)} requests, and 1 more per 1,000 templates"

    def rows(self) -> RowIterator:
        """Every template."""
        return templates(self.client)


class TemplateContentsStream(MetadataStream):
    """The content of templates, in the default locale, those of `template_locales` and those that Iterable lists."""

    name = "template_contents"
    primary_keys = ("templateId", "locale")
    is_costly = True
    endpoints = (TEMPLATES, CAMPAIGNS, BY_CLIENT_TEMPLATE_ID, *CONTENTS.values())
    cost = "1 request per template and locale, and 1 per template with a `clientTemplateId`"

    def rows(self) -> RowIterator:
        """Each template in each of its locales."""
        media = {campaign.get("templateId"): campaign.get("messageMedium") for campaign in campaigns(self.client)}
        unreadable: Counter[str] = Counter()
        listed = list(templates(self.client))
        self.announce(len(listed), CONTENTS["Email"], at_least=True)
        for template in listed:
            medium = template.get("messageMedium") or media.get(template["templateId"])
            found = list(self._locales(template["templateId"], [medium] if medium else CONTENTS))
            yield from found
            if not found:
                unreadable[medium or "unknown"] += 1
        for medium, number in unreadable.items():
            self.logger.warning("Templates of the medium %s for which Iterable gives no content: %d", medium, number)

    def _locales(self, template_id: int, media: Collection[str]) -> RowIterator:
        default = self._content(template_id, None, media)
        locales = [*self.config["template_locales"], *(self._tags(template_id, default) if default else ())]
        found = {default["locale"]: default} if default else {}
        # The default content may be that of a named locale, which then needs no request of its own.
        for locale in dict.fromkeys(locales):
            if locale not in found and (content := self._content(template_id, locale, media)) is not None:
                found[locale] = content
        yield from found.values()

    def _tags(self, template_id: int, content: dict[str, Any]) -> list[str]:
        """Locales that Iterable lists, which it does only for templates with a `clientTemplateId`."""
        client_id = content.get("clientTemplateId")
        if not client_id:
            return []
        answer = self.client.get_json(BY_CLIENT_TEMPLATE_ID, params={"clientTemplateId": client_id})
        same = rows_in(answer, "templates", BY_CLIENT_TEMPLATE_ID, "templateId")
        return [
            locale["languageTag"]
            for template in same
            if template["templateId"] == template_id
            for locale in rows_in(template, "locales", BY_CLIENT_TEMPLATE_ID, "languageTag")
        ]

    def _content(self, template_id: int, locale: str | None, media: Collection[str]) -> dict[str, Any] | None:
        """The content, from the first medium that has it."""
        params: Params = {"templateId": template_id, **({"locale": locale} if locale else {})}
        for medium in media:
            if medium not in CONTENTS:
                continue
            try:
                answer = self.client.get_json(CONTENTS[medium], params=params)
            except NotFoundError:
                continue
            except BadRequestError as error:
                # Where the medium is a guess, a refusal only means that the guess was wrong.
                if len(media) == 1:
                    self.logger.warning("Template %d is left out in locale %r: %s", template_id, locale or "", error)
                continue
            content = object_with(answer, "templateId", CONTENTS[medium])
            return {**content, "messageMedium": medium, "locale": content.get("locale") or locale or ""}
        return None
