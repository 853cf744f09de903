"""Snippets: pieces of content that templates share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar, Final

from target_iterable.config.route import MIRROR, REMOVE, ObjectSpec
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import Endpoint, Envelope, Operation, single_row_endpoint
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.objects.base.mirrored_object import MirroredObject, name, parts
from target_iterable.records.column_mapping import Row, text_in, texts_in
from target_iterable.records.ids import needed_text
from target_iterable.requests.bulk_response import all_written

_PUT: Final = single_row_endpoint("/api/snippets/{identifier}", all_written, "PUT")
_REMOVE: Final = replace(_PUT, method="DELETE", already_done=frozenset({404}), removes=REMOVE)
_NAME: Final = re.compile(r"[A-Za-z0-9_ -]{1,100}")


class Snippets(MirroredObject):
    """Pieces of content that templates share. A snippet is found by its name, and created if it does not exist.

    name: 1 to 100 letters, digits, dashes, underscores and spaces; not only digits, which Iterable takes for an id.
    content: HTML, which may have Handlebars in it. Each record must have it.
    description: the description.
    variables: the names of the variables in the content, as an array of texts or JSON of one.
    createdByUserId: the e-mail address of the author; by default, the creator of the project.

    A snippet keeps the description, variables and author that a record does not have.
    """

    spec = ObjectSpec(
        "snippets", streams=("snippets",), modes=("upsert", MIRROR), removal_actions=(REMOVE,), concerns_users=False
    )
    example: ClassVar[Mapping[str, Any]] = {
        "name": "greeting",
        "content": "<p>Hello {{name}}</p>",
        "variables": ["name"],
    }

    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """Write one snippet, by the endpoint that creates or updates: it may be repeated, mere creation may not."""
        del key
        identifier = _name(row.pop("name", None))
        snippet: Row = {"content": needed_text("content", row.pop("content", None))}
        for member, (convert, must_be) in _MEMBERS.items():
            if (value := row.pop(member, None)) is not None:
                snippet[member] = convert(value)
                if snippet[member] is None:
                    raise RecordRejectedError("invalidField", f"`{member}` must be {must_be}", member)
        self.leave_out(row)
        return _operation(_PUT, identifier, dumps(snippet))

    def names(self, row: Row, key: Sequence[Any], *, create: bool = True) -> Sequence[str]:
        """See `MirroredObject`."""
        del key, create
        with suppress(RecordRejectedError):
            return [name(_name(row.pop("name", None)))]
        return []

    def removal(self, name_: str) -> Operation:
        """See `MirroredObject`."""
        return _operation(_REMOVE, *parts(name_))


def _operation(endpoint: Endpoint, identifier: str, part: bytes = b"") -> Operation:
    return Operation(
        endpoint=endpoint,
        part=part,
        names=(("snippet", identifier),),
        envelope=Envelope.of(identifier=identifier),
        dedup_scope="snippets",
    )


def _name(value: Any) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value) or value.isdecimal():
        raise RecordRejectedError(
            "invalidName",
            "`name` must be 1 to 100 letters, digits, dashes, underscores and spaces, and not only digits",
            "name",
        )
    return value


_MEMBERS: Final[Mapping[str, tuple[Callable[[Any], Any], str]]] = {
    "description": (text_in, "a text"),
    "variables": (texts_in, "an array of texts"),
    "createdByUserId": (text_in, "a text"),
}
