"""What all sinks do: turn records into operations, and leave the rest to the delivery."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk.sinks import BatchSink

from iterable_api.limits import MAX_BODY_BYTES
from target_iterable.columns import Columns, Row
from target_iterable.delivery.operations import Operation
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.identities import IdentityRule
from target_iterable.routes import ObjectSpec
from target_iterable.sinks.validation import RecordValidator

if TYPE_CHECKING:
    from target_iterable.target import TargetIterable

_FULL_BYTES: Final = 4 * MAX_BODY_BYTES


class IterableSink(BatchSink):
    """A stream on its way to one object.

    A subclass says what its routes may hold (`spec`) and how a row becomes an operation.
    """

    spec: ClassVar[ObjectSpec]

    def __init__(
        self, target: TargetIterable, stream_name: str, schema: dict[str, Any], key_properties: Sequence[str] | None
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self.project = target.project
        self.route = target.routing.route(stream_name)
        self.identities = IdentityRule(self.project.type, self.route.identify_by)
        self.delivery = target.delivery(stream_name)
        self._deliver_through = target.deliver_through
        self._columns = Columns(schema, self.route.fields)
        # The SDK would turn dates into objects by this schema, and end the run at one that is none.
        self.schema = {**self.schema, "properties": {}, "additionalProperties": True}

    @abstractmethod
    def operation(self, row: Row, key: Sequence[Any]) -> Operation:
        """What `row` asks for; it is the sink's to take apart. `key` are the values of the key properties.

        Raises:
            RecordRefusedError: if Iterable could not take it.
        """

    def get_validator(self) -> RecordValidator | None:
        """The check of records against their schema; it refuses single records."""
        self._validation = RecordValidator(self.schema) if self.validate_schema else None
        return self._validation

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Turn the record into an operation, or count it as rejected."""
        del context
        self.delivery.tally.read += 1
        try:
            if self._validation is not None:
                self._validation.refuse_if_invalid()
            key = [record.get(column) for column in self.key_properties]
            self.delivery.add(self.operation(self._columns.row(record), key))
        except RecordRefusedError as refusal:
            self.delivery.refuse(refusal)

    def process_batch(self, context: dict[str, Any]) -> None:
        """Send what waits, behind all that waits of streams that came before."""
        del context
        self._deliver_through(self.stream_name)

    @property
    def max_size(self) -> int:
        """Records between two drains: several requests' worth, so that packing has something to choose from."""
        return max(self.MAX_SIZE_DEFAULT, int(self.config["max_batch_rows"]))

    @property
    def is_full(self) -> bool:
        """Whether it is time to send: by count, or by bytes, which bounds the memory."""
        return super().is_full or self.delivery.waiting_bytes >= _FULL_BYTES

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
