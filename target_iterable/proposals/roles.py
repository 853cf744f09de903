"""Roles of columns: which column of a stream could be a member that the objects of Iterable know.

What the target recognises by itself comes from the tables of the target: the members of objects, and the names that
Segment's calls have in raw form and in warehouses. The other names are those that tables usually have.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from target_iterable.objects.base.cart_items import ITEM_COLUMNS
from target_iterable.objects.base.event_attributes import ATTRIBUTES
from target_iterable.proposals.source_streams import ADDRESS, ARRAY, USER_ID, SourceColumn
from target_iterable.records.deletion_marks import is_mark
from target_iterable.records.user_identity import EMAIL
from target_iterable.records.user_identity import USER_ID as USER_ID_FIELD
from target_iterable.schemas.metadata_columns import is_metadata
from target_iterable.segment.call import SHAPES, TIMESTAMPS
from target_iterable.segment.commerce import ORDER_IDS
from target_iterable.segment.mapping import ATTRIBUTION
from target_iterable.segment.products import PRODUCT_IDS, PRODUCTS

EVENT_NAME: Final = "eventName"
CREATED_AT: Final = "createdAt"
ID: Final = "id"
ITEMS: Final = ITEM_COLUMNS[0]
TOTAL: Final = "total"
LIST: Final = "list"
LIST_ID: Final = "listId"
LISTS: Final = "lists"
ITEM_ID: Final = "itemId"
CATALOG_NAME: Final = "catalogName"
GROUP_ID: Final = "subscriptionGroupId"
IDENTITY: Final = (EMAIL, USER_ID_FIELD)

_CHANGES: Final = ("updated", "modified", "changed", "loaded", "synced", "inserted", "extracted", "deleted")
_SEPARATORS: Final = re.compile(r"[\W_]+")


def squeezed(name: str) -> str:
    """The name without separators and capitals: `firstname` for `First_Name` and `firstName`."""
    return _SEPARATORS.sub("", name.lower())


def _any(_column: SourceColumn) -> bool:
    return True


def _is_about_rows(name: str) -> bool:
    """Whether a time is that of a change of the row, and not of what the row says."""
    return squeezed(name).startswith(_CHANGES)


def _is_of(*types: str) -> Callable[[SourceColumn], bool]:
    return lambda column: column.type is None or column.type in types


class Role(NamedTuple):
    """A member of an object, and the columns that may be it.

    Attributes:
        aliases: other names of such columns, best first; separators and capitals do not matter.
        suffixes: ends of names of such columns, if none has one of the names.
        fits: whether a column can be it, by its schema and the sample.
    """

    aliases: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    fits: Callable[[SourceColumn], bool] = _any


ROLES: Final[Mapping[str, Role]] = {
    EMAIL: Role(
        ("email_address", "user_email", "customer_email", "contact_email", "subscriber_email", "mail"),
        ("email", "emailaddress"),
        lambda column: _is_of("string")(column) and column.holds(ADDRESS),
    ),
    USER_ID_FIELD: Role(
        (
            *SHAPES["track"].user_id,
            "customer_id",
            "contact_id",
            "subscriber_id",
            "member_id",
            "person_id",
            "external_id",
        ),
        (),
        lambda column: _is_of("string", "long", "double")(column) and column.holds(USER_ID),
    ),
    EVENT_NAME: Role((*SHAPES["track"].subject, "event_type", "event_title", "action"), (), _is_of("string")),
    CREATED_AT: Role(
        (*TIMESTAMPS, "occurred_at", "happened_at", "event_time", "event_timestamp", "event_date", "created", "ts"),
        ("edat",),
        lambda column: not _is_about_rows(column.name) and (column.is_date or _is_of("long")(column)),
    ),
    ID: Role((*ORDER_IDS, "order_number", "purchase_id", "transaction_id"), (), _is_of("string", "long")),
    **{name: Role(aliases, (), _is_of("string", "long")) for name, aliases in ATTRIBUTION.items()},
    ITEMS: Role((*ITEM_COLUMNS, PRODUCTS, "line_items", "order_items"), (), _is_of(ARRAY, "string")),
    TOTAL: Role(
        ("total_price", "order_total", "grand_total", "total_amount", "amount", "revenue"),
        (),
        _is_of("double", "long", "string"),
    ),
    LIST: Role(("list_name", "segment", "segment_name", "audience", "audience_name"), (), _is_of("string")),
    LIST_ID: Role(("list_id",), (), _is_of("long", "string")),
    LISTS: Role(("list_names", "segments", "audiences", "groups"), (), _is_of(ARRAY)),
    ITEM_ID: Role(("item_id", *PRODUCT_IDS[:-1], "sku"), (), _is_of("string", "long")),
    CATALOG_NAME: Role(("catalog_name",), (), _is_of("string")),
}
"""Member -> the columns that may be it."""

if missing := ATTRIBUTES.keys() - ROLES.keys():
    raise TypeError(f"attributes of events without a role: {missing}")


def columns_of(roles: Iterable[str], columns: Mapping[str, SourceColumn]) -> dict[str, str]:
    """Find the columns of the roles: role -> column. No column has two; those about the source have none."""
    found: dict[str, str] = {}
    free = [it for it in columns.values() if not is_metadata(it.name) and not is_mark(it.name)]
    for role in roles:
        column = _column_of(role, [it for it in free if it.name not in found.values()])
        if column is not None:
            found[role] = column
    return found


def _column_of(role: str, columns: Collection[SourceColumn]) -> str | None:
    rule = ROLES[role]
    for name in (role, *rule.aliases):
        alike = [column.name for column in columns if squeezed(column.name) == squeezed(name) and rule.fits(column)]
        if alike:
            return name if name in alike else alike[0]
    ending = (it.name for it in columns if squeezed(it.name).endswith(rule.suffixes) and rule.fits(it))
    return next(ending, None) if rule.suffixes else None
