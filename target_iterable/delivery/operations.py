"""What a record becomes: one operation, which travels in a request together with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from iterable_api.limits import MAX_BODY_BYTES
from target_iterable.delivery.refusal import RecordRefusedError
from target_iterable.delivery.serialise import dumps

Name: TypeAlias = tuple[str, str]
"""A kind and a value by which Iterable may name a row: `("email", "ann@example.com")`, `("eventName", "signup")`."""

ARRAY: Final = (b"[", b"]")
OBJECT: Final = (b"{", b"}")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What became of the rows of one request.

    Attributes:
        written: Iterable has taken them, or what they ask for was so already.
        rejected: Iterable has refused them, each with the name of its bucket.
        dropped_fields: fields that Iterable left out of rows it has taken.
    """

    written: Sequence[Operation]
    rejected: Sequence[tuple[Operation, str]] = ()
    dropped_fields: frozenset[str] = frozenset()


Judge: TypeAlias = "Callable[[Sequence[Operation], bytes], Verdicts]"


@dataclass(frozen=True)
class Endpoint:
    """A bulk endpoint: POST to `path`, the rows in the body's member `collection`.

    Attributes:
        judge: reads the body of a 2xx answer.
        brackets: whether the collection is an array of rows or an object of rows by id.
        max_rows: the contract's limit, where it has one.
        once: whether a name may stand only once in a request. Failures are listed by name, so two
            rows of one user could not be told apart, nor is their order promised.
    """

    path: str
    collection: str
    judge: Judge
    brackets: tuple[bytes, bytes] = ARRAY
    max_rows: int | None = None
    once: bool = True


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all rows of a request share.

    Attributes:
        members: members of the body beside the collection, serialised: `"listId":12`.
        path_params: values for the template of the path.
    """

    members: bytes = b""
    path_params: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, members: dict[str, Any] | None = None, **path_params: str) -> Envelope:
        """The envelope with these members and path parameters."""
        return cls(dumps(members or {})[1:-1], tuple(sorted(path_params.items())))


BARE: Final = Envelope()


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One record as Iterable gets it.

    Attributes:
        part: the row in the body, serialised.
        names: all names by which an answer may mean this row.
    """

    endpoint: Endpoint
    part: bytes
    names: frozenset[Name]
    envelope: Envelope = BARE

    def must_fit(self) -> None:
        """Check that the row can be sent at all.

        Raises:
            RecordRefusedError: if it is too large for a request of its own.
        """
        if not Batch(self.endpoint, self.envelope).fits(self):
            raise RecordRefusedError("tooLarge", f"the record does not fit into a request of {MAX_BODY_BYTES:,} bytes")


class Batch:
    """A request in the making. `size` is the exact size of the body in bytes."""

    def __init__(self, endpoint: Endpoint, envelope: Envelope) -> None:
        self.endpoint = endpoint
        self.envelope = envelope
        self.rows: list[Operation] = []
        opening, closing = endpoint.brackets
        shared = envelope.members + b"," if envelope.members else b""
        self._head = b"{" + shared + dumps(endpoint.collection) + b":" + opening
        self._tail = closing + b"}"
        self.size = len(self._head) + len(self._tail)

    def fits(self, row: Operation) -> bool:
        """Whether the body stays under Iterable's limit with `row` in it."""
        return self.size + self._growth(row) < MAX_BODY_BYTES

    def add(self, row: Operation) -> None:
        """Put `row` behind the others."""
        self.size += self._growth(row)
        self.rows.append(row)

    def body(self) -> bytes:
        """The JSON of the request."""
        return self._head + b",".join(row.part for row in self.rows) + self._tail

    def _growth(self, row: Operation) -> int:
        return len(row.part) + (1 if self.rows else 0)
