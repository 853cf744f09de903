"""Checking records against the schema of their stream."""

from __future__ import annotations

from typing import Any

from singer_sdk.sinks.core import JSONSchemaValidator

from target_iterable.delivery.refusal import RecordRefusedError


class RecordValidator(JSONSchemaValidator):
    """Remembers whether the last record was valid; the SDK's own ends the run and logs the record's values."""

    _refusal: RecordRefusedError | None = None

    def validate(self, record: dict[str, Any]) -> None:
        """Check `record`; never raises."""
        error = next(self.validator.iter_errors(record), None)
        self._refusal = None
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
