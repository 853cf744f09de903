"""Campaigns, which are created and never sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from iterable_api.facts.template_contents import PATH_PARTS
from target_iterable.config.route import ObjectSpec, Option
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError, RecordSkippedError
from target_iterable.objects.base.base import IterableObject
from target_iterable.project.id_mapping import AUDIENCE
from target_iterable.records.column_mapping import EMPTY, Row, pop_object, text_in
from target_iterable.records.ids import id_number, needed_text
from target_iterable.records.json_texts import from_json
from target_iterable.requests.bulk_response import all_written

_CREATE: Final = single_row_endpoint("/api/campaigns/create", all_written)
_BLAST: Final = "Blast"
_LISTS: Final = ("listIds", "suppressionListIds")
_UNSENT: Final = ("Draft", "Ready", "Scheduled", "Recurring")
"""States of blasts that have not gone out. Those that have would wait for being sent again here."""


class Campaigns(IterableObject):
    """Campaigns. They are created, once for each key of the stream, and wait: none is scheduled, sent or activated.

    name: the name. Iterable lets several campaigns have one name.
    templateId: the template. The campaign gets a copy of it.
    listIds: for a blast: the lists that it is meant for, as an array of ids. Without lists, the campaign is triggered.
    suppressionListIds: for a blast: lists whose members get nothing. Iterable adds none itself, not even global ones.
    type: if there is this column, `Blast` or `Triggered`: a record whose lists do not fit it is rejected.
    campaignDataFields: an object with values for `{{field}}` in the template.
    dataFields: an object with values for `[[field]]` in the template of an e-mail, which are written into the copy.
    """

    spec = ObjectSpec(
        "campaigns",
        # The tap's stream of this name is the record of what was sent, so none goes here unless a route says so.
        streams=(),
        modes=("create",),
        describes_state=False,
        concerns_users=False,
        once_per_key=True,
        endpoints=(_CREATE,),
        options={
            "foreign_ids": Option(
                bool,
                "true if the records are of another project: lists are then found by the names that the stream `lists` "
                "has brought in the same run, templates as copies that the object `templates` has made before, and "
                "campaigns that went out or are archived are passed over",
            )
        },
    )
    example: ClassVar[Mapping[str, Any]] = {
        "id": 1,
        "name": "Spring letter",
        "templateId": 20,
        "listIds": [12],
        "suppressionListIds": [15],
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Create one campaign. Without `scheduleSend`, Iterable would send a blast at once."""
        idempotency_key = self.idempotency_key(key)
        if self.route.options.get("foreign_ids"):
            self._adopt(row)
        part: Row = {
            "name": needed_text("name", row.pop("name", None)),
            "templateId": id_number("templateId", row.pop("templateId", None)),
        }
        lists = {member: _ids(row, member) for member in _LISTS}
        is_blast = bool(lists["listIds"])
        if (type_ := row.pop("type", None)) not in EMPTY and (type_ == _BLAST) is not is_blast:
            raise RecordRejectedError(
                "invalidCampaignType", "a blast needs `listIds`, and others must have none", "listIds"
            )
        if is_blast:
            part |= {member: ids for member, ids in lists.items() if ids} | {"scheduleSend": False}
        part |= {member: fields for member in _OBJECTS if (fields := pop_object(row, member))}
        self.leave_out({name: value for name, value in row.items() if name not in self.key_properties})
        return Operation(_CREATE, dumps(part), (("campaign", str(part["name"])),), idempotency_key=idempotency_key)

    def _adopt(self, row: Row) -> None:
        """Replace the ids of the other project in a row of its campaign.

        Raises:
            RecordSkippedError: if a campaign like this is not copied.
            RecordRejectedError: if there is no counterpart for an id here: a list that is left out would widen or
                narrow the audience.
        """
        state, is_blast = row.pop("campaignState", None), row.get("type") == _BLAST
        is_child = row.pop("recurringCampaignId", None) is not None
        if state == "Archived" or is_child or (is_blast and state not in _UNSENT):
            raise RecordSkippedError
        if text_in(row.pop("messageMedium", None)) not in PATH_PARTS:
            self.project.copies.tell_unreadable()
            raise RecordSkippedError
        template = id_number("templateId", row.pop("templateId", None))
        if (template_here := self.project.copies.find(template)) is None:
            raise RecordRejectedError(
                "unknownTemplate",
                f"there is no copy of its template {template} here: copy the stream `template_contents` before",
                "templateId",
            )
        row["templateId"] = template_here
        for member in _LISTS:
            row[member] = [self._list_here(member, there) for there in _ids(row, member)]

    def _list_here(self, member: str, there: int) -> int:
        here = self.project.renumbering.meant(AUDIENCE, there)
        if here is None:
            raise RecordRejectedError(
                "unknownList",
                f"the list {there} in `{member}` has no counterpart of the same name and type here, or the stream "
                "`lists` has not brought its name before",
                member,
            )
        return here


_OBJECTS: Final = ("campaignDataFields", "dataFields")


def _ids(row: Row, column: str) -> list[int]:
    value = from_json(row.pop(column, None))
    if value in EMPTY:
        return []
    return [id_number(column, id_) for id_ in (value if isinstance(value, list) else [value])]
