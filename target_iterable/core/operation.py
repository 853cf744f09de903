"""Operations, which records become, and the batches in which they travel."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from iterable_api.errors import IterableError
from iterable_api.facts.endpoints import facts_of
from iterable_api.facts.limits import MAX_BODY_BYTES
from target_iterable.core.json_encoding import dumps
from target_iterable.core.rejection import RecordRejectedError, RejectReason
from target_iterable.core.source import Source

Name: TypeAlias = tuple[str, str]
"""Kind and value by which Iterable may name a row: `("email", "ann@example.com")`, `("eventName", "signup")`."""


class IdempotencyKey(NamedTuple):
    """Key of an effect that must happen once.

    Attributes:
        kind: kind of effect, and its stream.
        key: key of the record in its normal form, as JSON.
        former_key: the same in the form of ledgers of version 1, see `ledger.schema`.
    """

    kind: str
    key: str
    former_key: str


UNCHECKED: Final = -1
"""`fits_version` of operations whose fields were not checked."""
ARRAY: Final = (b"[", b"]")
OBJECT: Final = (b"{", b"}")


_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_FRAME_BYTES: Final = 1000
"""Bytes: more than the brackets and the name of a collection take."""


@dataclass(slots=True)
class RowResults:
    """Results of rows.

    Attributes:
        written: rows that Iterable has taken, or whose requested state held already.
        already_done: those of the written rows of which Iterable says that the requested state held already.
        skipped: rows without anything to do: they are about users who do not exist, and must not create any.
        rejected: rows that were refused, each with its reason.
        retryable: rows that failed for a cause that may pass, each with its reason.
        unknown: rows whose result the response does not say.
        dropped_fields: fields that Iterable left out of rows it has taken.
        created_fields: fields that are new to the project.
        trimmed: written row -> dotted paths of the fields that it was sent without.
    """

    written: list[Operation] = field(default_factory=list)
    already_done: set[Operation] = field(default_factory=set)
    rejected: list[tuple[Operation, RejectReason]] = field(default_factory=list)
    retryable: list[tuple[Operation, RejectReason]] = field(default_factory=list)
    skipped: list[Operation] = field(default_factory=list)
    unknown: list[Operation] = field(default_factory=list)
    dropped_fields: set[str] = field(default_factory=set)
    created_fields: set[str] = field(default_factory=set)
    trimmed: dict[Operation, frozenset[str]] = field(default_factory=dict)

    def absorb(self, more: RowResults) -> None:
        """Add the results of other rows, except for those that must be sent again."""
        self.written += more.written
        self.already_done |= more.already_done
        self.rejected += more.rejected
        self.skipped += more.skipped
        self.dropped_fields |= more.dropped_fields
        self.created_fields |= more.created_fields


ResponseParser: TypeAlias = "Callable[[Sequence[Operation], Mapping[str, Any]], RowResults]"


@dataclass(frozen=True)
class Endpoint:
    """Endpoint of writes: a request to `path` holds rows in the member `collection` of its body.

    See `single_row_endpoint` for endpoints without a collection.

    Attributes:
        path: template of the path.
        collection: name of the member with the rows; empty if the row is the whole body.
        parse_response: reads the JSON of a successful response, see `iterable_api.facts.success_responses`.
        method: HTTP method.
        brackets: whether the collection is an array of rows or an object of rows by id.
        max_rows: limit of the contract, where it has one.
        unique_names: whether a request may hold at most one row per name. Responses list failures by name, so two rows
            of one user could not be told apart, nor is their order promised.
        repeatable: whether sending a row twice has the effect of sending it once. Pass False only for rows without the
            member that makes a second call harmless; `EndpointFacts` knows all other cases.
        already_done: statuses, or prefixes of the codes or sentences of refusals, which say that the requested state
            held already.
        creates_only: whether rows with `Operation.only_for` are meant for users who do not exist, instead of those who
            do.
        removes: removal as the audit log calls it: `delete`, `forget`, `merge` or `remove`. Empty for endpoints that
            remove nothing.
    """

    path: str
    collection: str
    parse_response: ResponseParser
    method: str = "POST"
    brackets: tuple[bytes, bytes] = ARRAY
    max_rows: int | None = None
    unique_names: bool = True
    repeatable: bool = True
    already_done: frozenset[str | int] = frozenset()
    creates_only: bool = False
    removes: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "repeatable", self.repeatable and facts_of(self.method, self.path).repeatable)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_bulk(self) -> bool:
        """Whether a request can hold more than one row."""
        return bool(self.collection)


def single_row_endpoint(
    path: str,
    parse_response: ResponseParser,
    method: str = "POST",
    *,
    already_done: Collection[str | int] = (),
    removes: str = "",
) -> Endpoint:
    """Make an endpoint whose requests hold one row, which is the whole body. An empty row means no body."""
    return Endpoint(path, "", parse_response, method, max_rows=1, already_done=frozenset(already_done), removes=removes)


@dataclass(frozen=True, slots=True)
class Envelope:
    """Parts of a request that all its rows share.

    Attributes:
        members: members of the body beside the collection, encoded: `"listId":12`.
        path_params: values for the template of the path.
        query: query of the URL.
        fresh: whether it names a list or catalog that was created in this run, and may not be known everywhere yet.
        by_record: whether the list is named by the records, so that a wrong one is their fault.
    """

    members: bytes = b""
    path_params: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    fresh: bool = False
    by_record: bool = False

    @classmethod
    def of(
        cls, members: dict[str, Any] | None = None, query: Mapping[str, str] | None = None, **path_params: str
    ) -> Envelope:
        """Make the envelope with these members, this query and these path parameters."""
        return cls(dumps(members or {})[1:-1], tuple(sorted(path_params.items())), tuple(sorted((query or {}).items())))


EMPTY_ENVELOPE: Final = Envelope()
NO_NAMES: Final = frozenset[Name]()


class Operation(msgspec.Struct, eq=False, gc=False):
    """One record as Iterable gets it.

    `gc=False`: it is not tracked by the garbage collector, so it must not be part of a reference cycle.

    Attributes:
        endpoint: endpoint that it is sent to.
        part: encoded row of the body.
        names: all names by which a response may mean the row, each once. Rows that share a name keep their order.
        envelope: envelope of its request.
        only_for: identifiers of users, if the row is meant for existing users: if none of them is known, it is skipped.
            Or, if its endpoint is `creates_only`, for new users: if one of them is known, it is skipped.
        type_scope: scope of the fields that the row writes, see `field_types.registry`.
        fields: fields that the row writes in that scope; None if they equal those in `part`, see `content`.
        fields_path: members of `part` that lead to the object with the fields.
        fits_version: version of the field types for which all fields were checked, see `FieldTypes.version`.
        event_name: another name by which a response may mean the row, shared with rows whose order does not matter.
        dedup_scope: scope of deduplication: what the row changes for its names, for example one list. Empty for rows
            that only make something happen: they leave no content to compare the next row with.
        idempotency_key: key under which its effect is recorded; None if repeating does no harm. Where the endpoint is
            not `repeatable`, the effect happens at most once.
        already_applied: asks Iterable, after the row was rejected alone, whether the change is in place.
        source: input message of the record; None for removals, which come of no record.
    """

    endpoint: Endpoint
    part: bytes
    names: tuple[Name, ...]
    envelope: Envelope = EMPTY_ENVELOPE
    only_for: frozenset[Name] = NO_NAMES
    type_scope: str = ""
    fields: Mapping[str, Any] | None = None
    fields_path: tuple[str, ...] = ("dataFields",)
    fits_version: int = UNCHECKED
    event_name: str = ""
    dedup_scope: str = ""
    idempotency_key: IdempotencyKey | None = None
    already_applied: Callable[[], bool] | None = None
    source: Source | None = None

    def content(self) -> tuple[Any, dict[str, Any]]:
        """Decode `part`; return it, and the object with the fields in it, which is empty if there is none."""
        keyed = self.endpoint.brackets == OBJECT
        body = _decode(b"{" + self.part + b"}" if keyed else self.part)
        fields = next(iter(body.values())) if keyed else body
        for member in self.fields_path:
            fields = fields.get(member, {})
        return body, fields

    @property
    def written_fields(self) -> Mapping[str, Any]:
        """Fields that the row writes in its `type_scope`."""
        return self.content()[1] if self.fields is None else self.fields

    def check_size(self) -> None:
        """Check that the row fits into a request of its own.

        Raises:
            RecordRejectedError: if it is too large.
        """
        most_bytes = len(self.part) + len(self.envelope.members) + _FRAME_BYTES
        if most_bytes >= MAX_BODY_BYTES and not Batch(self.endpoint, self.envelope).fits(self):
            raise RecordRejectedError("tooLarge", f"the record does not fit into a request of {MAX_BODY_BYTES:,} bytes")


class Batch:
    """Rows of one endpoint and envelope that travel in one request.

    Attributes:
        endpoint: endpoint of all rows.
        envelope: envelope of all rows.
        rows: rows in their order.
        size: exact size of the body in bytes.
    """

    def __init__(self, endpoint: Endpoint, envelope: Envelope, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.endpoint = endpoint
        self.envelope = envelope
        self.rows: list[Operation] = []
        self._max_bytes = max_bytes
        self._head, self._tail = _frame(endpoint, envelope)
        self.size = len(self._head) + len(self._tail)

    def fits(self, row: Operation) -> bool:
        """Whether the body stays below the limit with `row` in it."""
        return self.size + len(row.part) + bool(self.rows) < self._max_bytes

    def add(self, row: Operation) -> None:
        """Append `row`."""
        self.size += len(row.part) + bool(self.rows)
        self.rows.append(row)

    def extend(self, rows: Sequence[Operation], size: int) -> None:
        """Append `rows`, which together add `size` bytes to the body."""
        self.size += size
        self.rows += rows

    def body(self) -> bytes:
        """Encode the body of the request."""
        return b"".join((self._head, b",".join([row.part for row in self.rows]), self._tail))


def _frame(endpoint: Endpoint, envelope: Envelope) -> tuple[bytes, bytes]:
    """Encode the parts of a body before and behind the rows."""
    if not endpoint.is_bulk:
        return b"", b""
    opening, closing = endpoint.brackets
    shared = envelope.members + b"," if envelope.members else b""
    return b"{" + shared + dumps(endpoint.collection) + b":" + opening, closing + b"}"


@dataclass
class BatchResult:
    """Result of a batch. With an `error`, rows that are not in `results` are unsent."""

    batch: Batch
    results: RowResults = field(default_factory=RowResults)
    error: IterableError | None = None
