"""Coercion of values to the types of the project's fields, before they are sent."""

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
from target_iterable.field_types.decimal_fields import NO_DECIMALS, DecimalFields
from target_iterable.field_types.inference import is_date
from target_iterable.field_types.registry import USERS, FieldTypes, catalog_of, catalog_scope
from target_iterable.records.column_mapping import Row
from target_iterable.records.numbers import decimal_of, whole_number
from target_iterable.records.phone_numbers import PHONE_NUMBER, PhoneSpelling
from target_iterable.schemas.schema_types import updates

MAPPINGS: Final = "/api/catalogs/{catalogName}/fieldMappings"

_WHOLE: Final = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}


class FieldCoercion:
    """Coercion to the fields of one project. Types are read once per run, when the first record needs them.

    Attributes:
        types: the field types of the project, as far as known.
        spell_phone_number: spells phone numbers of profiles; None if they stay as they are.
    """

    def __init__(
        self, client: IterableClient, *, coerce: bool, spell_phone_number: PhoneSpelling | None = None
    ) -> None:
        """With `coerce`, texts may become numbers and booleans, and these texts."""
        self.types = FieldTypes(self._fetch_types, lambda types, fields: self._coerced_object(types, "", fields))
        self._client = client
        self._coerces_texts = coerce
        self.spell_phone_number = spell_phone_number
        self._loaded: set[str] = set()

    def coerce_user(self, fields: Row, decimals: DecimalFields = NO_DECIMALS) -> Row:
        """Coerce profile fields to the fields of the project; `decimals` get a point where that is right.

        Raises:
            RecordRejectedError: for a field that Iterable sets itself.
            IterableError: if the types cannot be read.
        """
        refuse_reserved(fields)
        if self.spell_phone_number is not None and PHONE_NUMBER in fields:
            fields = {**fields, PHONE_NUMBER: self.spell_phone_number(fields[PHONE_NUMBER])}
        scope = self.user_scope()
        return self.coerced(scope, decimals.widened(self.types.types_of(scope), fields))

    def coerce_item(self, catalog: str, fields: Row) -> Row:
        """Coerce the fields of an item to the mappings of its catalog.

        Raises:
            IterableError: if the mappings cannot be read.
        """
        return self.coerced(self.item_scope(catalog), fields)

    def user_scope(self) -> str:
        """Return the scope of profile fields, whose types are loaded then."""
        self._load(USERS)
        return USERS

    def item_scope(self, catalog: str) -> str:
        """Return the scope of the fields of a catalog, whose types are loaded then."""
        scope = catalog_scope(catalog)
        self._load(scope)
        return scope

    def define(self, catalog: str, types_by_path: Mapping[str, str]) -> bool:
        """Define types of catalog fields that have none yet. A type is for ever.

        Returns:
            Whether there were such fields.

        Raises:
            IterableError: if Iterable refuses the types, and they were not defined by another process meanwhile.
        """
        scope = self.item_scope(catalog)
        if not (missing := self._missing(scope, types_by_path)):
            return False
        params = {"catalogName": catalog}
        try:
            confirmed(self._client, "PUT", MAPPINGS, path_params=params, json={"mappingsUpdates": updates(missing)})
        except BadRequestError:
            self.types.set_types(scope, self._fetch_mappings(catalog))
            if self._missing(scope, types_by_path):
                raise
            return False
        self.types.set_types(scope, missing)
        return True

    def _missing(self, scope: str, types_by_path: Mapping[str, str]) -> dict[str, str]:
        known = self.types.types_of(scope)
        return {path: type_ for path, type_ in types_by_path.items() if path not in known}

    def coerced(self, scope: str, fields: Row) -> Row:
        """Coerce fields to the types that the run knows of a scope."""
        types = self.types.types_of(scope)
        return self._coerced_object(types, "", fields) if types and not self.types.all_valid(scope, fields) else fields

    def _load(self, scope: str) -> None:
        if scope not in self._loaded:
            self._loaded.add(scope)
            self.types.refresh([scope])

    def _fetch_types(self, scope: str) -> Mapping[str, str] | None:
        """Read the types of a scope; None for events, whose types Iterable does not tell."""
        if scope == USERS:
            return _type_names(confirmed(self._client, "GET", "/api/users/getFields")["fields"])
        catalog = catalog_of(scope)
        return self._fetch_mappings(catalog) if catalog else None

    def _fetch_mappings(self, catalog: str) -> Mapping[str, str]:
        answer = confirmed(self._client, "GET", MAPPINGS, path_params={"catalogName": catalog})
        return _type_names(catalog_data(answer)["definedMappings"])

    def _coerced_object(self, types: Mapping[str, str], prefix: str, fields: Mapping[str, Any]) -> Row:
        return {name: self._coerced_value(types, f"{prefix}{name}", value) for name, value in fields.items()}

    def _coerced_value(self, types: Mapping[str, str], path: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._coerced_value(types, path, item) for item in value]
        if isinstance(value, dict):
            return self._coerced_object(types, f"{path}.", value)
        type_ = types.get(path)
        if type_ == "date" and isinstance(value, str):
            return _iterable_date(value)
        if type_ == "long" and isinstance(value, float | Decimal):
            return value if (whole := whole_number(value)) is None else whole
        return _coerced_scalar(value, type_) if self._coerces_texts and type_ else value


def refuse_reserved(names: Iterable[str]) -> None:
    """Check the names of profile fields.

    Raises:
        RecordRejectedError: for a field that Iterable sets itself.
    """
    if found := RESERVED.intersection(names):
        name = min(found)
        raise RecordRejectedError(
            "reservedField",
            f"the field {name!r} is Iterable's own; leave it out by `drop` of the route, or rename it",
            name,
        )


def _iterable_date(text: str) -> str:
    """Spell a timestamp as Iterable takes a date; any other text is returned as it is."""
    return text if is_date(text) else timestamps.text_to_iterable(text) or text


def _coerced_scalar(value: Any, type_: str) -> Any:
    """Coerce `value` to a type, if that loses nothing."""
    if isinstance(value, str):
        return _from_text(value, type_)
    if type_ == "string" and isinstance(value, bool):
        return "true" if value else "false"
    if type_ == "string" and isinstance(value, int | float | Decimal):
        return str(value)
    return value


def _from_text(text: str, type_: str) -> Any:
    text_ = text.strip()
    if type_ == "long" and _WHOLE.fullmatch(text_):
        return int(text_)
    if type_ == "double":
        return text if (number := decimal_of(text_)) is None else number
    return _BOOLEANS.get(text_.lower(), text) if type_ == "boolean" else text


def _type_names(types: Mapping[str, Any]) -> Mapping[str, str]:
    return {path: str(type_) for path, type_ in types.items()}
