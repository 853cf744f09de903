"""The target's validation of a record, as a predicate.

Example:
    assert not is_valid({"properties": {"age": {"type": "integer"}}}, {"age": "ten"})
"""

from __future__ import annotations

from typing import Any

from target_iterable.core.rejection import RecordRejectedError
from target_iterable.schemas.validation import RecordValidator


def is_valid(schema: dict[str, Any], record: dict[str, Any]) -> bool:
    try:
        RecordValidator(schema).refuse_if_invalid(record)
    except RecordRejectedError:
        return False
    return True
