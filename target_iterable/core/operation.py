"""What a record becomes: one operation, which travels in a request together with others."""

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
from target_iterable.core.source import InputMessage

Name: TypeAlias = tuple[str, str]
"""A kind and a value by which Iterable may name a row: `("email", "ann@example.com")`, `("eventName", "signup")`."""


class IdempotencyKey(NamedTuple):
    """Something that happens only once for a key.

    Attributes:
        kind: what happens, and in which stream.
        key: in its normal form, as JSON.
        formerly: the key as ledgers of version 1 have it, see `ledger_schema`.
    """

    kind: str
    key: str
    formerly: str


UNCHECKED: Final = -1
"""No version of the types."""
ARRAY: Final = (b"[", b"]")
OBJECT: Final = (b"{", b"}")


_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_FRAME_BYTES: Final = 1000
"""More than the brackets and the name of a collection take."""


@dataclass(slots=True)
class RowResults:
    """What became of rows.

    Attributes:
        written: Iterable has taken them, or what they ask for was so already.
        already_done: those of the written ones of which Iterable says that what they ask for was so already.
        skipped: there was nothing to do: they are about users who do not exist, and must not make any.
        rejected: those that are refused, and why.
        retryable: those that failed, and why, of a cause that may have passed when they are sent again.
        unknown: Iterable's answer does not say what became of them.
        dropped_fields: fields that Iterable left out of rows it has taken.
        created_fields: fields that are new to the project.
        trimmed: those of the written rows that went without some of their fields, and the dotted paths of these.
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
        """Add what became of other rows; what must be sent again stays out."""
        self.written += more.written
        self.already_done |= more.already_done
        self.rejected += more.rejected
        self.skipped += more.skipped
        self.dropped_fields |= more.dropped_fields
        self.created_fields |= more.created_fields


ResponseParser: TypeAlias = "Callable[[Sequence[Operation], Mapping[str, Any]], RowResults]"


@dataclass(frozen=True)
class Endpoint:
    """A bulk endpoint: a request to `path`, with the rows in the body's member `collection`.

    `single_row_endpoint` makes the others.

    Attributes:
        parse_response: reads the JSON of an answer that is a success; see `iterable_api.facts.success_responses`.
        brackets: whether the collection is an array of rows or an object of rows by id.
        max_rows: the contract's limit, where it has one.
        unique_names: whether a name may stand only once in a request. Failures are listed by name, so two
            rows of one user could not be told apart, nor is their order promised.
        repeatable: whether a row that is sent twice does what it does when it is sent once. False at the start only
            for rows that lack what makes a second call harmless; see `EndpointFacts` for all others.
        already_done: statuses, or beginnings of the codes or sentences of refusals, which say that what the rows of a
            request ask for was so already.
        removes: what a row takes away, as the audit log calls it: `delete`, `forget`, `merge` or `remove`. Empty for
            endpoints that take nothing away.
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
    """An endpoint that takes one row in a request, where the row is the whole body; an empty one is no body."""
    return Endpoint(path, "", parse_response, method, max_rows=1, already_done=frozenset(already_done), removes=removes)


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all rows of a request share.

    Attributes:
        members: members of the body beside the collection, serialised: `"listId":12`.
        path_params: values for the template of the path.
        query: the query of the URL.
        fresh: whether it names what was made in this run, which Iterable may not know everywhere for a moment.
        by_record: whether the records themselves say which list it is, so that a wrong one is theirs.
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
        """The envelope with these members, this query, and these path parameters."""
        return cls(dumps(members or {})[1:-1], tuple(sorted(path_params.items())), tuple(sorted((query or {}).items())))


EMPTY_ENVELOPE: Final = Envelope()
NO_NAMES: Final = frozenset[Name]()


class Operation(msgspec.Struct, eq=False, gc=False):
    """One record as Iterable gets it. Nothing that it holds may lead back to it: the collector does not look at it.

    Attributes:
        part: the row in the body, serialised.
        names: whom the row is about, by all names that an answer may use, each once: rows that share one keep
            their order.
        only_for: identifiers of users, if the row is meant for users who exist: where none of them is known, there is
            nothing to do.
        type_scope: whose fields the row writes. Types of fields are kept per scope; see `field_types`.
        fields: what the row writes there; None if that is just what stands in `part`: see `content`.
        fields_path: the members of `part` that lead to the object which holds the fields.
        fits_version: the `version` of the types in which all fields were seen to fit.
        event_name: another name by which an answer may mean the row, and many others that are in no order with it.
        dedup_scope: what the row changes for those whom it names, for example one list. Empty for what only happens: it
            leaves nothing that the next row could be compared with.
        idempotency_key: what happens only once, and for which key; None for what may be sent again and again. Where the
            endpoint is not `repeatable`, it happens at most once, whatever comes in between.
        already_applied: asks Iterable, when it has refused the row alone, whether what the row asks for is so already.
        source: the record, as it came; set by whoever takes the row over. Removals come of no record.
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
    source: InputMessage | None = None

    def content(self) -> tuple[Any, dict[str, Any]]:
        """What `part` says, and of that the object with the fields; an empty one if there is none."""
        keyed = self.endpoint.brackets == OBJECT
        body = _decode(b"{" + self.part + b"}" if keyed else self.part)
        fields = next(iter(body.values())) if keyed else body
        for member in self.fields_path:
            fields = fields.get(member, {})
        return body, fields

    @property
    def written_fields(self) -> Mapping[str, Any]:
        """What the row writes in its `type_scope`."""
        return self.content()[1] if self.fields is None else self.fields

    def must_fit(self) -> None:
        """Check that the row can be sent at all.

        Raises:
            RecordRejectedError: if it is too large for a request of its own.
        """
        most_bytes = len(self.part) + len(self.envelope.members) + _FRAME_BYTES
        if most_bytes >= MAX_BODY_BYTES and not Batch(self.endpoint, self.envelope).fits(self):
            raise RecordRejectedError("tooLarge", f"the record does not fit into a request of {MAX_BODY_BYTES:,} bytes")


class Batch:
    """A request in the making. `size` is the exact size of the body in bytes."""

    def __init__(self, endpoint: Endpoint, envelope: Envelope, max_bytes: int = MAX_BODY_BYTES) -> None:
        self.endpoint = endpoint
        self.envelope = envelope
        self.rows: list[Operation] = []
        self._max_bytes = max_bytes
        self._head, self._tail = _frame(endpoint, envelope)
        self.size = len(self._head) + len(self._tail)

    def fits(self, row: Operation) -> bool:
        """Whether the body stays under the limit with `row` in it."""
        return self.size + len(row.part) + bool(self.rows) < self._max_bytes

    def add(self, row: Operation) -> None:
        """Put `row` behind the others."""
        self.size += len(row.part) + bool(self.rows)
        self.rows.append(row)

    def take(self, rows: Sequence[Operation], size: int) -> None:
        """Put `rows` behind the others, which together grow the body by `size` bytes."""
        self.size += size
        self.rows += rows

    def body(self) -> bytes:
        """The JSON of the request."""
        return b"".join((self._head, b",".join([row.part for row in self.rows]), self._tail))


def _frame(endpoint: Endpoint, envelope: Envelope) -> tuple[bytes, bytes]:
    """What stands before and behind the rows of a body."""
    if not endpoint.is_bulk:
        return b"", b""
    opening, closing = endpoint.brackets
    shared = envelope.members + b"," if envelope.members else b""
    return b"{" + shared + dumps(endpoint.collection) + b":" + opening, closing + b"}"


@dataclass
class BatchResult:
    """What became of a batch. With an `error`, rows that are not in `results` are unsent."""

    batch: Batch
    results: RowResults = field(default_factory=RowResults)
    error: IterableError | None = None
