"""The sink of every stream: turns records into operations, and leaves the rest to the delivery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from singer_sdk.sinks import BatchSink

from iterable_api.errors import IterableError
from target_iterable.columns import Columns
from target_iterable.delivery.refusal import RecordRefusedError, Refusal
from target_iterable.delivery.stream import DeliveryFailedError
from target_iterable.objects import OBJECTS, Destination
from target_iterable.validation import RecordValidator

if TYPE_CHECKING:
    from target_iterable.target import TargetIterable


class IterableSink(BatchSink):
    """A stream on its way to the object that its route names."""

    def __init__(
        self, target: TargetIterable, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        route = target.routing.route(stream_name)
        self._object = OBJECTS[route.object](
            Destination(target.project, self.config, stream_name, route, self.key_properties)
        )
        self.delivery = target.deliveries.of(stream_name)
        self._deliver = target.deliveries.deliver
        self._reader = target.reader
        self._lacks_key: Refusal | None = None
        self._columns = Columns(schema, route.fields, route.defaults, nest=route.nests)
        # The SDK would turn dates into objects by this schema, and end the run at one that is none.
        self.schema = {**self.schema, "properties": {}, "additionalProperties": True}

    def get_validator(self) -> RecordValidator | None:
        """The check of records against their schema; it refuses single records."""
        self._validation = RecordValidator(self.schema) if self.validate_schema else None
        return self._validation

    def preprocess_record(self, record: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Fill in missing key properties: the SDK would end the run for them, and here they are a reason to reject."""
        del context
        missing = [column for column in self.key_properties if column not in record]
        self._lacks_key = None
        if missing:
            reason = f"the key property {', '.join(map(repr, missing))} is missing"
            self._lacks_key = Refusal("missingKey", reason, missing[0])
        return {**record, **dict.fromkeys(missing)} if missing else record

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Turn the record into an operation, or reject it."""
        del context
        self.delivery.tally.read += 1
        source = self._reader.source
        try:
            self._refuse_what_the_sdk_would()
            key = [record.get(column) for column in self.key_properties]
            self.delivery.add(self._object.operation(self._columns.row(record), key), source)
        except RecordRefusedError as error:
            self.delivery.refuse(error.refusal, source)
        except IterableError as error:
            raise DeliveryFailedError(
                f"Stream {self.stream_name!r}: {str(error).rstrip('.')}. "
                "State has not moved past its records: run again when the cause is gone."
            ) from error

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send what waits, of this stream and of all others: state is about all of them."""
        del context
        self._deliver()

    @property
    def is_full(self) -> bool:
        """Never: the target knows when it is time to send, and then moves state, too."""
        return False

    def _refuse_what_the_sdk_would(self) -> None:
        if self._validation is not None:
            self._validation.refuse_if_invalid()
        if self._lacks_key is not None:
            raise RecordRefusedError(self._lacks_key.code, self._lacks_key.reason, self._lacks_key.field)

    @property
    def process_activate_version_messages(self) -> bool:
        """Nothing is ever removed because a newer version of a stream lacks it."""
        return False

    def process_batch_files(self, encoding: Any, files: Sequence[str]) -> None:
        """Refuse BATCH messages: the SDK hands their records over unmapped and unchecked."""
        raise NotImplementedError(
            f"Stream {self.stream_name!r} comes in BATCH files, which this target does not read. "
            "Remove `batch_config` from the tap."
        )
