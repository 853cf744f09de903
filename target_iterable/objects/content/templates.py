"""Templates: what messages look like, per locale."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from iterable_api.facts.template_contents import (
    BEYOND_UPSERT,
    CONTENT,
    HEAD,
    LOCALE,
    PATH_PARTS,
    Kind,
    update_path,
    upsert_path,
)
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.project.id_mapping import MESSAGE_TYPE
from target_iterable.records.column_mapping import EMPTY, Row, object_in, pop_object, text_in, texts_in
from target_iterable.records.ids import id_number, needed_text
from target_iterable.records.json_texts import from_json
from target_iterable.records.numbers import number_of, whole_number
from target_iterable.requests.bulk_response import all_written

_UPSERT: Final = "upsert"
_UPSERTS: Final[Mapping[str, Endpoint]] = {
    medium: single_row_endpoint(upsert_path(medium), all_written) for medium in PATH_PARTS
}
_UPDATES: Final[Mapping[str, Endpoint]] = {
    medium: single_row_endpoint(update_path(medium), all_written) for medium in PATH_PARTS
}
_MEDIA: Final = ", ".join(PATH_PARTS)
_CREATOR: Final = "creatorUserId"
_OF_THE_OTHER_PROJECT: Final = (_CREATOR, "dataFeedId", "dataFeedIds", "placementId", "trackingDomain")
"""Members that mean something of their own project, for which no endpoint gives names."""


class Templates(IterableObject):
    """Templates. A record is the content of one template in one locale, and changes only what it has columns for.

    messageMedium: Email, Push, SMS, InApp or Embedded, unless the route has it as `medium`. Iterable's API cannot write
      templates of other media.
    clientTemplateId: in the mode `upsert`, the template, by a name of your own. It is created if it does not exist. If
      several templates have it, all are changed, also those of campaigns.
    templateId: in the mode `update`, the template; it must exist.
    locale: the locale of the content; without one, or if it is empty, the project's default locale.
    name: the name.
    messageTypeId: the message type. Iterable chooses one for a new template without it.
    subject, html, and other fields: the content, by Iterable's names. Objects and arrays may be JSON in a text.

    Other columns are left out, and the log names them. A null leaves a field as it is.
    """

    spec = ObjectSpec(
        "templates",
        streams=("templates", "template_contents"),
        modes=(_UPSERT, "update"),
        concerns_users=False,
        options={
            "medium": Option(str, f"one of {_MEDIA}", "|".join(PATH_PARTS)),
            "beyond_contract": Option(
                bool,
                "true to send `campaignDataFields` and `trackingDomain` in upserts, too: Iterable's own client does "
                "so, and its contract has them in updates only",
                modes=(_UPSERT,),
            ),
            "foreign_ids": Option(
                bool,
                "true if the records are of another project: message types are then found by the names that the stream "
                "`message_types` has brought in the same run, and a template of a campaign, or one without a "
                "`clientTemplateId`, gets the `clientTemplateId` `copy-of-` and its id there",
                modes=(_UPSERT,),
            ),
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "messageMedium": "Email",
        "clientTemplateId": "welcome",
        "name": "Welcome",
        "subject": "Hello {{firstName}}",
        "html": "<p>Welcome!</p>",
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Write the content of one template in one locale."""
        del key
        row = self.flatten_member(row, "dataFields")
        medium = self._medium(row)
        if self.route.options.get("foreign_ids"):
            self._adopt(row, medium)
        members: dict[str, Kind] = {**HEAD, **LOCALE, **CONTENT[medium]}
        if self.route.mode == _UPSERT:
            number, name = None, needed_text("clientTemplateId", row.get("clientTemplateId"))
            members |= {_CREATOR: "text"}
            if not self.route.options.get("beyond_contract"):
                members = {member: kind for member, kind in members.items() if member not in BEYOND_UPSERT}
        else:
            number = id_number("templateId", row.pop("templateId", None))
            name = str(number)
        part = {} if number is None else {"templateId": number}
        part |= _read(row, members)
        self.leave_out(row)
        return Operation(
            (_UPSERTS if number is None else _UPDATES)[medium],
            dumps(part),
            (("template", f"{medium}/{name}"),),
            dedup_scope=f"templates {self.route.mode} {medium} {part.get('locale', '')}",
        )

    def _medium(self, row: Row) -> str:
        column = row.pop("messageMedium", None)
        medium = self.route.options.get("medium", column)
        if not isinstance(medium, str) or medium not in PATH_PARTS:
            raise RecordRejectedError("invalidMedium", f"`messageMedium` is none of {_MEDIA}", "messageMedium")
        return medium

    def _adopt(self, row: Row, medium: str) -> None:
        """Replace what means something of the other project in a row of its template."""
        number = id_number("templateId", row.pop("templateId", None))
        # Answers about templates of e-mails have the campaign only in `metadata`.
        campaigns = (row.pop("campaignId", None), pop_object(row, "metadata").get("campaignId"))
        is_base = campaigns == (None, None)
        given = row.pop("clientTemplateId", None) if is_base else None
        row["clientTemplateId"] = self.project.copies.client_template_id(medium, number, text_in(given))
        if (type_there := row.pop("messageTypeId", None)) not in EMPTY:
            type_here = self.project.renumbering.meant(MESSAGE_TYPE, id_number("messageTypeId", type_there))
            if type_here is None:
                raise RecordRejectedError(
                    "unknownMessageType",
                    "its message type is not in this project, or the stream `message_types` has not brought its name",
                    "messageTypeId",
                )
            row["messageTypeId"] = type_here
        for member in _OF_THE_OTHER_PROJECT:
            if row.pop(member, None) not in (*EMPTY, []) and member != _CREATOR:
                self.project.copies.tell_left_out(member)


def _read(row: Row, members: Mapping[str, Kind]) -> Row:
    """Take the members out of `row` that have a value.

    Raises:
        RecordRejectedError: if a value is not of its kind.
    """
    part: Row = {}
    for member, kind in members.items():
        value = row.pop(member, None)
        # The default locale has no name.
        if value is None or (value == "" and member in LOCALE):
            continue
        convert, must_be = _KINDS[kind]
        if (converted := convert(value)) is None:
            raise RecordRejectedError("invalidField", f"`{member}` must be {must_be}", member)
        part[member] = converted
    return part


def _boolean_in(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _wholes_in(value: Any) -> list[int] | None:
    found = from_json(value)
    numbers = [whole_number(item) for item in found] if isinstance(found, list) else [None]
    whole = [number for number in numbers if number is not None]
    return whole if len(whole) == len(numbers) else None


def _objects_in(value: Any) -> list[Row] | None:
    found = from_json(value)
    return found if isinstance(found, list) and all(isinstance(item, dict) for item in found) else None


_KINDS: Final[Mapping[Kind, tuple[Callable[[Any], Any], str]]] = {
    "text": (text_in, "a text"),
    "texts": (texts_in, "an array of texts"),
    "boolean": (_boolean_in, "true or false"),
    "whole": (whole_number, "a whole number"),
    "wholes": (_wholes_in, "an array of whole numbers"),
    "decimal": (number_of, "a number"),
    "object": (object_in, "an object"),
    "objects": (_objects_in, "an array of objects"),
}
"""Kind -> conversion to it, which gives None for other values, and the kind in words."""
