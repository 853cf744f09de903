"""Fitting values to the fields that the project has, before they are sent."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final

from iterable_api.errors import BadRequestError
from iterable_api.facts import timestamps
from iterable_api.facts.profile_fields import RESERVED
from iterable_api.facts.success_responses import catalog_data
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from target_iterable.core.rejection import RecordRejectedError
from target_iterable.field_types.registry import USERS, FieldTypes, catalog_of, catalog_scope, is_date
from target_iterable.records.column_mapping import Row
from target_iterable.records.numbers import decimal_of, whole_of
from target_iterable.schemas.schema_types import updates

MAPPINGS: Final = "/api/catalogs/{catalogName}/fieldMappings"

_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_TRUTHS: Final = {"true": True, "false": False}


class FieldCoercion:
    """The project's fields. They are read once per run, when the first record asks for them.

    `coerce` says whether texts may become numbers and truth values, and these texts.
    """

    def __init__(self, client: IterableClient, *, coerce: bool) -> None:
        self.types = FieldTypes(self._ask, lambda types, fields: self._object(types, "", fields))
        self._client = client
        self._coerce = coerce
        self._read: set[str] = set()

    def of_user(self, fields: Row) -> Row:
        """Profile fields, spelt for the fields of the project.

        Raises:
            RecordRefusedError: for a field that Iterable sets itself.
        """
        refuse_reserved(fields)
        return self.of(self.of_users(), fields)

    def of_users(self) -> str:
        """The scope of profile fields, whose types are known then."""
        self._know(USERS)
        return USERS

    def of_items(self, catalog: str) -> str:
        """The scope of the fields of a catalog, whose types are known then."""
        scope = catalog_scope(catalog)
        self._know(scope)
        return scope

    def define(self, catalog: str, wanted: Mapping[str, str]) -> bool:
        """Give types to the catalog's fields that have none yet, and say whether there were any. A type is for ever.

        Raises:
            IterableError: if Iterable does not take them, and nobody else has defined them meanwhile.
        """
        scope = self.of_items(catalog)
        if not (missing := self._missing(scope, wanted)):
            return False
        params = {"catalogName": catalog}
        try:
            confirmed(self._client, "PUT", MAPPINGS, path_params=params, json={"mappingsUpdates": updates(missing)})
        except BadRequestError:
            self.types.know(scope, self._mappings(catalog))
            if self._missing(scope, wanted):
                raise
            return False
        self.types.know(scope, missing)
        return True

    def _missing(self, scope: str, wanted: Mapping[str, str]) -> dict[str, str]:
        known = self.types.of(scope)
        return {path: type_ for path, type_ in wanted.items() if path not in known}

    def of(self, scope: str, fields: Row) -> Row:
        """Fields, spelt for what the run has learnt of their types."""
        types = self.types.of(scope)
        return self._object(types, "", fields) if types and not self.types.fit_surely(scope, fields) else fields

    def _know(self, scope: str) -> None:
        if scope not in self._read:
            self._read.add(scope)
            self.types.ask_again([scope])

    def _ask(self, scope: str) -> Mapping[str, str] | None:
        """What Iterable says of the types of a scope; of those of events it says nothing."""
        if scope == USERS:
            return _texts(confirmed(self._client, "GET", "/api/users/getFields")["fields"])
        catalog = catalog_of(scope)
        return self._mappings(catalog) if catalog else None

    def _mappings(self, catalog: str) -> Mapping[str, str]:
        answer = confirmed(self._client, "GET", MAPPINGS, path_params={"catalogName": catalog})
        return _texts(catalog_data(answer)["definedMappings"])

    def _object(self, types: Mapping[str, str], prefix: str, fields: Mapping[str, Any]) -> Row:
        return {name: self._value(types, f"{prefix}{name}", value) for name, value in fields.items()}

    def _value(self, types: Mapping[str, str], path: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._value(types, path, item) for item in value]
        if isinstance(value, dict):
            return self._object(types, f"{path}.", value)
        type_ = types.get(path)
        if type_ == "date" and isinstance(value, str):
            return _spelt_date(value)
        return _coerced(value, type_) if self._coerce and type_ else value


def refuse_reserved(names: Iterable[str]) -> None:
    """Check the names of profile fields.

    Raises:
        RecordRefusedError: for a field that Iterable sets itself.
    """
    if found := RESERVED.intersection(names):
        name = min(found)
        raise RecordRejectedError(
            "reservedField",
            f"the field {name!r} is Iterable's own; leave it out by `drop` of the route, or rename it",
            name,
        )


def _spelt_date(text: str) -> str:
    """A timestamp in the spelling that Iterable takes for a date; any other text as it is."""
    return text if is_date(text) else timestamps.text_to_iterable(text) or text


def _coerced(value: Any, type_: str) -> Any:
    """`value` as a value of the type, if that loses nothing."""
    if isinstance(value, str):
        return _from_text(value, type_)
    if type_ == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if type_ == "string" and isinstance(value, int | float | Decimal):
        return str(value)
    if type_ == "long" and isinstance(value, float | Decimal):
        return value if (whole := whole_of(value)) is None else whole
    return value


def _from_text(text: str, type_: str) -> Any:
    text_ = text.strip()
    if type_ == "long" and _WHOLE.fullmatch(text_):
        return int(text_)
    if type_ == "double":
        return text if (number := decimal_of(text_)) is None else number
    return _TRUTHS.get(text_.lower(), text) if type_ == "boolean" else text


def _texts(types: Mapping[str, Any]) -> Mapping[str, str]:
    return {path: str(type_) for path, type_ in types.items()}
