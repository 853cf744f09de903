"""Checking records against the schema of their stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import fastjsonschema
from singer_sdk.sinks.core import JSONSchemaValidator

from target_iterable.delivery.refusal import RecordRefusedError


def _stay_here(uri: str) -> Any:
    raise fastjsonschema.JsonSchemaDefinitionException(f"{uri} is elsewhere")


_NOTHING_FROM_ELSEWHERE: Final = {"http": _stay_here, "https": _stay_here, "": _stay_here}


class RecordValidator(JSONSchemaValidator):
    """Remembers whether the last record was valid; the SDK's own ends the run and logs the record's values.

    What a compiled check accepts is valid; it is some six times as fast. The SDK's check has the last word on the rest.
    """

    _refusal: RecordRefusedError | None = None

    def __init__(self, schema: dict[str, Any]) -> None:
        super().__init__(schema)
        self._accepts = _compiled(schema)

    def validate(self, record: dict[str, Any]) -> None:
        """Check `record`; never raises."""
        self._refusal = None
        if self._accepts(record):
            return
        error = next(self.validator.iter_errors(record), None)
        if error is not None:
            # Deeper parts of the path are left out: they may be keys that a user has chosen.
            place = f"column {error.absolute_path[0]!r}" if error.absolute_path else "the record"
            self._refusal = RecordRefusedError(
                "invalidRecord", f"{place} does not keep to `{error.validator}` of the stream's schema"
            )

    def refuse_if_invalid(self) -> None:
        """Refuse the record that was checked last.

        Raises:
            RecordRefusedError: if it was invalid.
        """
        if self._refusal is not None:
            raise self._refusal


def _compiled(schema: dict[str, Any]) -> Callable[[dict[str, Any]], bool]:
    """A check that says True of nothing invalid; for schemas that cannot be compiled it never says True."""
    try:
        check = fastjsonschema.compile(schema, _NOTHING_FROM_ELSEWHERE, use_default=False, use_formats=False)
    except (fastjsonschema.JsonSchemaDefinitionException, AttributeError, KeyError, TypeError, ValueError):
        return lambda _: False

    def accepts(record: dict[str, Any]) -> bool:
        try:
            check(record)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    return accepts
