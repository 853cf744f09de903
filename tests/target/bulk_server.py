"""A bulk endpoint over HTTP that refuses requests as a test says, and the failure isolation that delivers rows to it.

Rows have a number `n` in their fields. A test gives the fields of each row, and a function that returns the refusal of
a request with the given rows, or None to accept it.

    def too_long(rows: list[Any]) -> Answer | None:
        return Answer(413) if any(len(row["dataFields"]["text"]) > 9 for row in rows) else None

    with bulk() as server:
        outcome = server.settle([{"text": "short"}, {"text": "much too long"}], too_long)
        assert written(outcome) == {0}
        assert rejected(outcome).keys() == {1}
        assert server.sent == [[0, 1], [0], [1]]  # the numbers of the rows of each request
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from iterable_api.http.client import IterableClient
from iterable_api.rate_limits.limiter import Unlimited
from target_iterable.core.json_encoding import dumps
from target_iterable.core.operation import EMPTY_ENVELOPE, Batch, BatchResult, Endpoint, Operation
from target_iterable.field_types.registry import USERS, FieldTypes
from target_iterable.reporting.request_log import RequestLog
from target_iterable.requests.batching import AdaptiveBatchSize
from target_iterable.requests.bulk_response import named_failures
from target_iterable.requests.failure_isolation import FailureIsolator
from target_iterable.requests.sender import Sender
from tests.scripted_server import Answer, Request, ScriptedServer, answer_json

ENDPOINT = Endpoint("/api/users/bulkUpdate", "users", named_failures)

Refuse = Callable[[list[Any]], Answer | None]
"""The answer to a request with these rows, unless it is fine."""


@dataclass
class Bulk:
    """Delivers rows to a server. Rows are told apart by their field `n`.

    Attributes:
        sent: numbers of the rows of each request.
        taken: numbers of the rows that the server has accepted.
    """

    server: ScriptedServer
    isolator: FailureIsolator
    sent: list[list[int]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def deliver(self, fields: Sequence[dict[str, Any]], refuse: Refuse, endpoint: Endpoint = ENDPOINT) -> BatchResult:
        """Deliver one row for each of `fields`."""
        self.sent, self.taken = [], set()
        self.server.after = lambda request: self._answer(request, refuse)
        batch = Batch(endpoint, EMPTY_ENVELOPE)
        for number, given in enumerate(fields):
            batch.add(_row(number, given, endpoint))
        return self.isolator.deliver(batch)

    def _answer(self, request: Request, refuse: Refuse) -> Answer:
        users = json.loads(request.body)["users"]
        self.sent.append([user["dataFields"]["n"] for user in users])
        if (refusal := refuse(users)) is not None:
            return refusal
        self.taken.update(self.sent[-1])
        return answer_json(200, {"successCount": len(users), "failCount": 0})


def rejected(result: BatchResult) -> dict[int, str]:
    """Number of a row -> code of its reject reason."""
    return {operation.content()[1]["n"]: reject_reason.code for operation, reject_reason in result.results.rejected}


def written(result: BatchResult) -> set[int]:
    """Numbers of the rows that count as written."""
    return {operation.content()[1]["n"] for operation in result.results.written}


@contextmanager
def bulk() -> Iterator[Bulk]:
    """A server, and a way to deliver rows to it."""
    request_log = RequestLog()
    options: dict[str, Any] = {"max_tries": 2, "first_wait": 0.001, "on_attempt": request_log.record_attempt}
    with ScriptedServer().running() as server:
        client = IterableClient("key", api_url=server.url, limiter=Unlimited(), **options)
        yield Bulk(server, FailureIsolator(Sender(client, "users", request_log), FieldTypes(), AdaptiveBatchSize(1000)))
        client.close()


def _row(number: int, given: dict[str, Any], endpoint: Endpoint) -> Operation:
    email, fields = f"{number}@example.com", {"n": number, **given}
    part = dumps({"email": email, "dataFields": fields})
    return Operation(endpoint, part, (("email", email),), type_scope=USERS, fields=fields)
