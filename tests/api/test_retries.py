"""What is tried again, how long the client waits before, and which exception says that it was in vain."""

import logging
import socket
import time
from collections.abc import Callable
from http import HTTPStatus

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from iterable_api.errors import (
    ApiError,
    ConnectionFailedError,
    DailyCapReachedError,
    IterableError,
    NeverReachedError,
    RateLimitedError,
    ServerError,
    UnknownOutcomeError,
)
from iterable_api.facts.endpoints import ENDPOINTS
from iterable_api.http.client import IterableClient
from iterable_api.http.retries import MAX_RETRY_AFTER, retry_after
from iterable_api.rate_limits.limiter import Unlimited
from iterable_api.waiting.retry_policy import UNREACHED_HOST
from tests.api.conftest import Connect
from tests.scripted_server import (
    Answer,
    ScriptedServer,
    cut_between_chunks,
    cut_short,
    hang_up,
    reset,
    silence,
)

SERVER_STATUSES = (408, 425, 499, 500, 501, 502, 503, 504, 505, 511, 520, 522, 524, 529, 530, 598, 599, 600, 999)
TRANSIENT_STATUSES = {429: RateLimitedError} | dict.fromkeys(SERVER_STATUSES, ServerError)
NO_WHOLE_ANSWER = [
    pytest.param(Answer(fault=hang_up), id="hung up"),
    pytest.param(Answer(fault=reset), id="reset"),
    pytest.param(Answer(fault=cut_short), id="cut short"),
    pytest.param(Answer(fault=cut_between_chunks), id="cut between chunks"),
    pytest.param(Answer(headers={"Content-Encoding": "gzip"}), id="not really gzip"),
]
CREATE_A_LIST = ("POST", "/api/lists")


def create_a_list(client: IterableClient) -> object:
    return client.post_json("/api/lists", {"name": "Spring"})


@pytest.fixture
def refusing_url() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_the_list_of_calls_that_are_not_repeated_holds_the_one_these_tests_use() -> None:
    assert not ENDPOINTS[CREATE_A_LIST].repeatable


@pytest.mark.parametrize("status", TRANSIENT_STATUSES)
def test_a_transient_status_is_tried_again_until_it_works(
    client: IterableClient, server: ScriptedServer, naps: list[float], status: int
) -> None:
    server.script = [Answer(status), Answer(status), Answer(200, b'{"lists": []}')]
    assert client.get_json("/api/lists") == {"lists": []}
    assert len(server.requests) == 3
    assert len(naps) == 2


@pytest.mark.parametrize(("status", "kind"), TRANSIENT_STATUSES.items())
def test_a_transient_status_that_stays_is_raised_when_all_tries_are_used_up(
    connect: Connect, server: ScriptedServer, naps: list[float], status: int, kind: type[ApiError]
) -> None:
    server.after = lambda _: Answer(status)
    with pytest.raises(kind) as caught:
        connect(max_tries=3).get_json("/api/lists")
    assert caught.value.status == status
    assert len(server.requests) == 3
    assert len(naps) == 2


@pytest.mark.parametrize("answer", NO_WHOLE_ANSWER)
def test_an_answer_that_does_not_come_or_ends_too_early_is_asked_for_again(
    client: IterableClient, server: ScriptedServer, naps: list[float], answer: Answer
) -> None:
    server.script = [answer, Answer(200, b'{"lists": []}')]
    assert client.get_json("/api/lists") == {"lists": []}
    assert len(naps) == 1


@pytest.mark.parametrize("answer", NO_WHOLE_ANSWER)
def test_an_answer_that_never_comes_whole_is_a_failed_connection(
    connect: Connect, server: ScriptedServer, answer: Answer
) -> None:
    server.after = lambda _: answer
    with pytest.raises(ConnectionFailedError, match=r"GET /api/lists: no whole answer from 127\.0\.0\.1:\d+"):
        connect(max_tries=3).get_json("/api/lists")
    assert len(server.requests) == 3


def test_silence_is_a_failed_connection(connect: Connect, server: ScriptedServer) -> None:
    server.after = lambda _: Answer(fault=silence)
    with pytest.raises(ConnectionFailedError, match="ReadTimeout"):
        connect(max_tries=2, timeout=(5, 0.05)).get_json("/api/lists")
    assert len(server.requests) == 2


def test_a_host_that_was_reached_before_is_tried_again_to_the_end(connect: Connect, naps: list[float]) -> None:
    with ScriptedServer().running() as server:
        server.script = [Answer(headers={"Connection": "close"})]
        client = connect(api_url=server.url, max_tries=6)
        client.get_json("/api/lists")
    with pytest.raises(ConnectionFailedError, match="cannot be reached any more") as caught:
        client.get_json("/api/lists")
    assert not isinstance(caught.value, NeverReachedError)
    assert len(naps) == 5


@pytest.mark.parametrize("host", ["", "http://no-such-host.invalid"])
def test_a_host_that_was_never_reached_is_given_up_soon(
    connect: Connect, refusing_url: str, naps: list[float], host: str
) -> None:
    with pytest.raises(NeverReachedError, match="Check `region`, `api_url`"):
        connect(api_url=host or refusing_url, max_tries=8).get_json("/api/lists")
    assert len(naps) == UNREACHED_HOST.attempts - 1


@pytest.mark.parametrize("call", [lambda client: client.get_json("/api/lists"), create_a_list])
def test_a_proxy_that_nobody_listens_at_is_given_up_soon(
    connect: Connect,
    refusing_url: str,
    naps: list[float],
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[IterableClient], object],
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", refusing_url)
    with pytest.raises(NeverReachedError, match=r"api\.iterable\.com cannot be reached .* the proxy"):
        call(connect(api_url=None))
    assert len(naps) == UNREACHED_HOST.attempts - 1


def test_a_port_that_speaks_no_tls_is_given_up_soon(
    connect: Connect, server: ScriptedServer, naps: list[float]
) -> None:
    with pytest.raises(NeverReachedError, match="SSLError"):
        connect(api_url=server.url.replace("http:", "https:")).get_json("/api/lists")
    assert len(naps) == UNREACHED_HOST.attempts - 1


def test_a_host_that_answers_badly_counts_as_reached(
    connect: Connect, server: ScriptedServer, naps: list[float]
) -> None:
    server.after = lambda _: Answer(503)
    with pytest.raises(ServerError):
        connect(max_tries=5).get_json("/api/lists")
    assert len(naps) == 4


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 405, 409, 410, 413, 414, 418, 421, 423, 424, 451])
def test_what_will_not_go_away_by_itself_is_raised_at_once(
    client: IterableClient, server: ScriptedServer, naps: list[float], status: int
) -> None:
    server.script = [Answer(status)]
    with pytest.raises(ApiError) as caught:
        client.get_json("/api/lists")
    assert caught.value.status == status
    assert len(server.requests) == 1
    assert naps == []


def test_a_status_that_nothing_explains_is_never_taken_for_success(
    client: IterableClient, server: ScriptedServer
) -> None:
    server.script = [Answer(299), Answer(999), Answer(299)]
    client.request("GET", "/api/lists")
    client.request("GET", "/api/lists")
    assert len(server.requests) == 3


def test_the_waits_double_up_to_the_longest(connect: Connect, server: ScriptedServer, naps: list[float]) -> None:
    server.after = lambda _: Answer(503)
    with pytest.raises(ServerError):
        connect(max_tries=7, first_wait=1, longest_wait=10).get_json("/api/lists")
    assert all(low <= nap <= low + 1 for low, nap in zip([1, 2, 4, 8, 10, 10], naps, strict=True))
    assert max(naps) <= 10 + 1


def test_the_waits_differ_by_chance_so_that_clients_do_not_come_back_together(
    connect: Connect, server: ScriptedServer, naps: list[float]
) -> None:
    server.after = lambda _: Answer(503)
    for _ in range(5):
        with pytest.raises(ServerError):
            connect(max_tries=2).get_json("/api/lists")
    assert len(set(naps)) > 1


@pytest.mark.parametrize(
    ("headers", "nap"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": " 120 "}, 120),
        ({"Retry-After": "Fri, 07 Mar 2025 12:00:30 GMT", "Date": "Fri, 07 Mar 2025 12:00:00 GMT"}, 30),
        ({"Retry-After": "Fri, 07 Mar 2025 12:00:30 -0000", "Date": "Fri, 07 Mar 2025 13:00:00 +0100"}, 30),
        ({"Retry-After": "0"}, 1),
        ({"Retry-After": "Fri, 07 Mar 2025 11:00:00 GMT", "Date": "Fri, 07 Mar 2025 12:00:00 GMT"}, 1),
        ({"Retry-After": "Fri, 07 Mar 2025 12:00:00 GMT"}, 1),
        ({"Retry-After": "86400"}, MAX_RETRY_AFTER),
        ({"Retry-After": "9" * 400}, MAX_RETRY_AFTER),
        ({"Retry-After": "Fri, 07 Mar 2999 12:00:00 GMT"}, MAX_RETRY_AFTER),
    ],
)
def test_retry_after_is_the_wait_if_it_is_neither_nothing_nor_absurd(
    connect: Connect, server: ScriptedServer, naps: list[float], headers: dict[str, str], nap: float
) -> None:
    server.script = [Answer(429, headers=headers), Answer(503, headers=headers)]
    connect(first_wait=1).get_json("/api/lists")
    assert naps == [nap, nap]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_dates_of_the_zone_minus_zero_are_in_utc_wherever_the_machine_is(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    response = requests.Response()
    response.headers.update({"Retry-After": "Fri, 07 Mar 2025 12:00:30 -0000", "Date": "Fri, 07 Mar 2025 12:00:00 GMT"})
    other = requests.Response()
    other.headers.update({"Retry-After": "Fri, 07 Mar 2025 12:00:30 GMT", "Date": "Fri, 07 Mar 2025 12:00:00 -0000"})
    try:
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        assert (retry_after(response), retry_after(other)) == (30, 30)
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "²", "Fri, 99 Mar 2025 12:00:00 GMT"])
def test_a_retry_after_that_cannot_be_read_leaves_the_usual_wait(
    connect: Connect, server: ScriptedServer, naps: list[float], text: str
) -> None:
    server.script = [Answer(429, headers={"Retry-After": text})]
    connect(first_wait=1).get_json("/api/lists")
    assert 1 <= naps[0] <= 2


@given(st.text(), st.text())
def test_no_header_breaks_the_reading_of_retry_after(text: str, date: str) -> None:
    response = requests.Response()
    response.headers.update({"Retry-After": text, "Date": date})
    assert (retry_after(response) or 0) >= 0


def test_every_try_asks_the_limiter_first(connect: Connect, server: ScriptedServer) -> None:
    asked: list[tuple[str, str, int]] = []

    class Recording(Unlimited):
        def acquire(self, method: str, path: str) -> None:
            asked.append((method, path, len(server.requests)))

    server.script = [Answer(429), Answer(fault=reset), Answer(503)]
    connect(limiter=Recording()).request("DELETE", "/api/lists/{listId}", path_params={"listId": 3})
    assert asked == [("DELETE", "/api/lists/{listId}", sent) for sent in range(4)]


def test_nothing_is_sent_when_the_limiter_refuses(connect: Connect, server: ScriptedServer, naps: list[float]) -> None:
    class UsedUp(Unlimited):
        def acquire(self, method: str, path: str) -> None:
            raise DailyCapReachedError(method, path, 1000)

    with pytest.raises(DailyCapReachedError, match=r"POST /api/users/forget: the daily cap of 1000 .*tomorrow"):
        connect(limiter=UsedUp()).post_json("/api/users/forget", {"email": "ana@example.com"})
    assert server.requests == []
    assert naps == []


@pytest.mark.parametrize(
    "answer",
    [*(pytest.param(Answer(status), id=str(status)) for status in SERVER_STATUSES), *NO_WHOLE_ANSWER],
)
def test_a_call_that_creates_something_is_not_repeated_when_nobody_knows_whether_it_did(
    client: IterableClient, server: ScriptedServer, naps: list[float], answer: Answer
) -> None:
    server.script = [answer]
    with pytest.raises(UnknownOutcomeError, match=r"POST /api/lists.* may or may not have taken effect"):
        client.post_json("/api/lists", {"name": "Spring"})
    assert len(server.requests) == 1
    assert naps == []


def test_a_call_that_creates_something_is_repeated_after_it_was_refused_for_the_rate(
    client: IterableClient, server: ScriptedServer
) -> None:
    server.script = [Answer(429), Answer(429, fault=cut_short), Answer(200, b'{"listId": 1}')]
    assert client.post_json("/api/lists", {"name": "Spring"}) == {"listId": 1}
    assert len(server.requests) == 3


def test_a_call_that_creates_something_is_repeated_when_no_connection_was_made(
    connect: Connect, refusing_url: str, naps: list[float]
) -> None:
    with pytest.raises(ConnectionFailedError):
        connect(api_url=refusing_url, max_tries=3).post_json("/api/lists", {"name": "Spring"})
    assert len(naps) == 2


def test_the_status_of_a_refusal_counts_even_if_its_body_is_cut_short(
    client: IterableClient, server: ScriptedServer, naps: list[float]
) -> None:
    server.script = [Answer(404, b"<html>", fault=cut_short)]
    with pytest.raises(ApiError) as caught:
        client.get_json("/api/lists")
    assert caught.value.status == HTTPStatus.NOT_FOUND
    assert naps == []


def test_opening_a_stream_is_tried_again_but_not_reading_it(
    client: IterableClient, server: ScriptedServer, naps: list[float]
) -> None:
    server.script = [Answer(503), Answer(fault=reset), Answer(200, b"one\n", fault=cut_between_chunks)]
    read: list[bytes] = []
    with pytest.raises(requests.exceptions.ChunkedEncodingError), client.stream("/api/export/data.json") as response:
        read.extend(response.iter_lines(chunk_size=1))
    assert read == [b"one"]
    assert len(server.requests) == 3
    assert len(naps) == 2


def test_a_refused_stream_is_the_same_exception_as_any_other_refusal(
    client: IterableClient, server: ScriptedServer
) -> None:
    server.script = [Answer(400, b'{"msg": "Invalid data type", "code": "BadParams"}')]
    with pytest.raises(ApiError, match="BadParams: Invalid data type"), client.stream("/api/export/data.json"):
        pytest.fail("the stream was opened")


def test_every_retry_is_logged_with_its_reason_and_its_wait(
    connect: Connect, server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.script = [Answer(429, headers={"Retry-After": "7"})]
    connect(max_tries=3).get_json("/api/lists")
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "GET /api/lists answered 429. Try 2 of 3 in 7.0 s.")
    ]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda client: client.post_json("/api/users/update", {"x": float("nan")}), id="not JSON"),
        pytest.param(lambda client: client.request("GET", "/api/x", params={"a": "\ud800"}), id="not Unicode"),
    ],
)
def test_a_request_that_cannot_be_made_is_our_own_error_and_not_tried_again(
    client: IterableClient, server: ScriptedServer, naps: list[float], call: Callable[[IterableClient], object]
) -> None:
    with pytest.raises(IterableError, match="could not be made"):
        call(client)
    assert server.requests == []
    assert naps == []


def test_a_host_that_cannot_be_reached_is_named_with_the_setting(connect: Connect) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(ConnectionFailedError, match=rf"{place} cannot be reached .*Check .*`api_url`"):
            connect(api_url=f"http://{place}", max_tries=2).get_json("/api/lists")
