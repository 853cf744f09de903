"""Empty userIds beside an address, which count as absent: Block's Go client always sends the key of both."""

from __future__ import annotations

from typing import Any, Final

from iterable_sandbox.wire.body_schema import BodySchema

_PAIRS: Final = (
    ("email", "userId"),
    ("recipientEmail", "recipientUserId"),
    ("currentEmail", "currentUserId"),
    ("sourceEmail", "sourceUserId"),
    ("destinationEmail", "destinationUserId"),
)


def drop_empty_user_ids(schema: BodySchema, value: Any) -> None:
    """Remove from `value`, wherever its schema has both identifiers, a userId that is empty and has an address."""
    if isinstance(value, list):
        for item in value if schema.items is not None and not schema.items.is_simple else ():
            drop_empty_user_ids(schema.items or schema, item)
    elif isinstance(value, dict):
        for email, user_id in _PAIRS:
            if user_id in schema.fields and value.get(user_id) == "" and value.get(email):
                del value[user_id]
        for name, inner in schema.fields.items():
            if not inner.is_simple and name in value:
                drop_empty_user_ids(inner, value[name])
