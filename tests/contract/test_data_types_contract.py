"""The table of data types holds every type of the contract, and every field that was ever published or seen."""

import re
from collections.abc import Mapping

import pytest

from iterable_api.facts.data_types import DATA_TYPES, EVENTS, USER, DataType
from tests.contract.published_api import Contract

BY_NAME: Mapping[str, DataType] = {data_type.name: data_type for data_type in DATA_TYPES}
TYPE = re.compile(
    r"(string|integer|number|boolean|object|any|date-time|json|array)|array:(string|integer|number|boolean|object)"
)

DEVIATIONS: Mapping[str, tuple[str, str, str]] = {
    # field: published type, our type, reason
    "transactionalData": ("object", "json", "the published type is that of the JSON inside the text"),
    "espAccountId": ("integer", "string", "text in SMS, numbers or text in WhatsApp; one column for both"),
    "errorCode": ("integer", "string", "a number in exports that were seen, text in a schema of webhooks"),
    "browserTokens": ("string", "any", "sources disagree: text, or a list of text"),
    "devices": ("array:object", "any", "a list of objects, or columns of values under dotted names"),
    "phoneNumberDetails": ("array", "any", "a list of objects, or columns of values under dotted names"),
    "shoppingCartItems": ("array", "any", "a list of objects, or columns of values under dotted names"),
}

CUSTOM: Mapping[str, frozenset[str]] = {
    # data type: fields of the recorded project's own, which no table can know
    "customEvent": frozenset({"orderId", "total", "expressDelivery", "shippedOn", "url"}),
    "purchase": frozenset({"coupon"}),
    "user": frozenset({"someDate", "isFoobar"}),
    # An import copies the profile to the event of the subscription.
    "emailSubscribe": frozenset({"firstName", "lastName", "someDate", "isFoobar"}),
}

FROM_REPORTS: Mapping[str, frozenset[str]] = {
    # data type: names of the report by which the app tells of it; the lines were made from reports, not seen
    "embeddedClick": frozenset({"buttonIdentifier", "placementId", "targetUrl"}),
    "embeddedImpression": frozenset({"displayCount", "displayDuration", "placementId"}),
    "embeddedSession": frozenset({"session.end", "session.id", "session.start"}),
}

FITS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"string", "integer"}),  # the same id is a number in one data type and text in another
    "integer": frozenset({"integer"}),
    "number": frozenset({"integer", "number"}),
    "boolean": frozenset({"boolean"}),
    "object": frozenset({"object"}),
    "date-time": frozenset({"string"}),
    "json": frozenset({"string"}),
}
"""Our type to the kinds of values that it takes."""


def column(data_type: DataType, field: str) -> str | None:
    """Our type for a field; a dotted name is a part of the object before its dot."""
    parent, dot, _ = field.partition(".")
    return data_type.fields.get(parent if dot else field)


def test_the_data_types_are_exactly_those_that_an_export_takes(contract: Contract) -> None:
    for path in ("/api/export/data.json", "/api/export/data.csv"):
        parameter = contract.operations[f"GET {path}"].query_parameters["dataTypeName"]
        assert set(parameter.schema["enum"]) == set(BY_NAME)
    start = contract.operations["POST /api/export/start"]
    assert start.body is not None
    assert set(contract.resolved(start.body)["properties"]["dataTypeName"]["enum"]) == set(BY_NAME)


def test_no_data_type_and_no_stream_is_there_twice() -> None:
    assert len({data_type.name for data_type in DATA_TYPES}) == len(DATA_TYPES) == 53
    assert len({data_type.stream for data_type in DATA_TYPES}) == len(DATA_TYPES)
    assert [*EVENTS, USER] == list(DATA_TYPES)


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=lambda data_type: data_type.name)
def test_a_stream_is_named_in_snake_case_like_its_data_type(data_type: DataType) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", data_type.stream)
    assert data_type.stream.replace("_", "") in (data_type.name.lower(), f"{data_type.name.lower()}s")


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=lambda data_type: data_type.name)
def test_every_type_in_the_table_is_one_that_the_table_explains(data_type: DataType) -> None:
    assert {kind for kind in data_type.fields.values() if TYPE.fullmatch(kind) is None} == set()


@pytest.mark.parametrize("data_type", EVENTS, ids=lambda data_type: data_type.name)
def test_an_event_is_ranged_by_a_field_that_it_has(data_type: DataType) -> None:
    assert data_type.fields[data_type.range_field] == "date-time"


def test_users_are_ranged_by_the_time_of_their_last_update() -> None:
    assert (USER.range_field, USER.fields["profileUpdatedAt"]) == ("profileUpdatedAt", "date-time")


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=lambda data_type: data_type.name)
def test_every_published_field_is_known_with_a_type_that_fits(
    data_type: DataType, published_fields: dict[str, dict[str, str]]
) -> None:
    whole = {field: kind for field, kind in published_fields[data_type.name].items() if "." not in field}
    differing = {
        field: (kind, data_type.fields.get(field))
        for field, kind in whole.items()
        if data_type.fields.get(field) != kind
    }
    assert differing == {field: DEVIATIONS[field][:2] for field in differing if field in DEVIATIONS}


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=lambda data_type: data_type.name)
def test_every_published_part_of_a_field_belongs_to_an_object_or_to_anything(
    data_type: DataType, published_fields: dict[str, dict[str, str]]
) -> None:
    parts = [field for field in published_fields[data_type.name] if "." in field]
    assert [field for field in parts if column(data_type, field) not in ("object", "any")] == []


def test_every_deviation_is_still_one(published_fields: dict[str, dict[str, str]]) -> None:
    seen = {
        (field, kind, BY_NAME[name].fields.get(field))
        for name, fields in published_fields.items()
        for field, kind in fields.items()
    }
    assert {(field, *types) for field, (*types, _) in DEVIATIONS.items()} <= seen


def test_every_data_type_is_published_under_the_contracts_name(published_fields: dict[str, dict[str, str]]) -> None:
    assert set(published_fields) == set(BY_NAME)


@pytest.mark.parametrize("data_type", DATA_TYPES, ids=lambda data_type: data_type.name)
def test_every_exported_value_fits_the_table(data_type: DataType, exported_kinds: dict[str, dict[str, str]]) -> None:
    kinds = exported_kinds.get(data_type.name, {})
    unknown = {field for field in kinds if column(data_type, field) is None}
    made = FROM_REPORTS.get(data_type.name, frozenset())
    assert made <= unknown
    assert unknown - made <= CUSTOM.get(data_type.name, frozenset())
    whole = [(field, kind) for field, kind in kinds.items() if "." not in field and field not in unknown]
    differing = [(field, kind) for field, kind in whole if not fits(kind, data_type.fields[field])]
    assert differing == []


def fits(kinds: str, ours: str) -> bool:
    """Whether values of all these kinds fit the type that we have."""
    ours, _, inner = ours.partition(":")
    return all(
        fits(kind[1:-1].replace(", ", " | "), inner)
        if inner and kind.startswith("[") and kind != "[]"
        else ours == "any" or (kind.startswith("[") and ours == "array") or kind in FITS.get(ours, ())
        for kind in kinds.split(" | ")
    )
