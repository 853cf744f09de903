"""An answer is held in memory once, and beside it what was made of it."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable

import pytest

from iterable_api.errors import ServerError
from iterable_api.facts.success_responses import decode_answer
from iterable_api.http.client import IterableClient
from iterable_api.http.confirmed import confirmed
from tests.scripted_server import Answer, ScriptedServer, answer_json

Connect = Callable[..., IterableClient]
ROWS = {"lists": [{"id": number, "name": "x" * 100_000, "listType": "Standard"} for number in range(300)]}
BODY = json.dumps(ROWS).encode()


def peak(run: Callable[[], object]) -> float:
    """The most memory that `run` takes, in sizes of the answer."""
    tracemalloc.start()
    try:
        run()
        return tracemalloc.get_traced_memory()[1] / len(BODY)
    finally:
        tracemalloc.stop()


def test_a_large_answer_is_never_held_three_times(server: ScriptedServer, connect: Connect) -> None:
    """Its texts are as large as the answer, so it is there twice while it is decoded. The server's is not counted."""
    server.after = lambda _request: Answer(body=BODY, headers={"Content-Type": "application/json"})
    client = connect()
    assert peak(lambda: client.get_json("/api/lists")) < 2.5
    assert peak(lambda: confirmed(client, "GET", "/api/lists")) < 2.5


def test_a_large_error_is_not_read_to_its_end(server: ScriptedServer, connect: Connect) -> None:
    server.after = lambda _request: Answer(500, body=BODY)
    client = connect(max_tries=1)

    def fail() -> None:
        with pytest.raises(ServerError):
            client.get_json("/api/lists")

    assert peak(fail) < 1.5


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '\ufeff{"a": 1}', '{"a": 1.50, "b": 12345678901234567890123}', '"\\ud800"']
)
def test_an_answer_means_what_pythons_parser_says(text: str) -> None:
    assert repr(decode_answer(text.encode())) == repr(json.loads(text.encode()))


def test_small_answers_are_as_before(server: ScriptedServer, connect: Connect) -> None:
    server.after = lambda _request: answer_json(200, {"lists": []})
    assert connect().get_json("/api/lists") == {"lists": []}
