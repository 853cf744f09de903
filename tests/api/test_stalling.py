"""Answers that come too slowly are broken off, long ones that go on coming are not, and a run can end at any moment."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
import requests
import trustme

from iterable_api.errors import ConnectionFailedError, IterableError, RunEndedError, ServerError, UnknownOutcomeError
from iterable_api.http.client import IterableClient
from iterable_api.http.stalling import MIN_BYTES_PER_SECOND
from iterable_api.rate_limits.limiter import DocumentedLimits
from iterable_api.waiting.cancellation import Cancellation
from tests.api.conftest import Connect
from tests.scripted_server import Answer, ScriptedServer, dripping, silence

PATIENCE = 60
"""Seconds until a test gives up; nothing here should take a tenth of it."""
DRIPS = 500
"""Of 0.05 s each: they end at last, so that what waits for them fails and does not hang."""


def drip(*beginning: bytes, piece: bytes = b" ", end: bytes = b"{}") -> Answer:
    return Answer(fault=dripping([*beginning, *[piece] * DRIPS, end]))


LENGTH = f"HTTP/1.1 200 OK\r\nContent-Length: {DRIPS + 2}\r\n\r\n".encode()
CHUNKS = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Padding: "
UNFRAMED = b"HTTP/1.0 200 OK\r\n\r\n"
STALLING = [
    pytest.param(drip(HEAD, end=b"\r\n\r\n{}"), id="a header without end"),
    pytest.param(drip(end=HEAD + b"\r\n\r\n{}", piece=b""), id="no status line"),
    pytest.param(drip(end=HEAD + b"\r\n\r\n{}", piece=b"HTTP/1.1 100 Continue\r\n\r\n"), id="a status that goes on"),
    pytest.param(drip(LENGTH), id="a body with a length"),
    pytest.param(drip(CHUNKS, piece=b"1\r\n \r\n", end=b"2\r\n{}\r\n0\r\n\r\n"), id="a body in chunks"),
    pytest.param(drip(CHUNKS, b"100\r\n", end=b""), id="a chunk"),
    pytest.param(drip(UNFRAMED), id="a body that the end of the connection ends"),
]


@pytest.mark.parametrize("answer", STALLING)
def test_an_answer_that_drips_is_broken_off_and_the_setting_named(
    connect: Connect, server: ScriptedServer, answer: Answer
) -> None:
    server.script = [answer, answer]
    with pytest.raises(ConnectionFailedError, match="stalled for longer than `stall_timeout_seconds`"):
        connect(max_tries=2, timeout=(5, 0.5)).get_json("/api/lists")
    assert len(server.requests) == 2


@pytest.mark.parametrize("answer", STALLING)
def test_a_call_that_must_not_be_repeated_is_unknown_when_its_answer_drips(
    connect: Connect, server: ScriptedServer, answer: Answer
) -> None:
    server.script = [answer]
    with pytest.raises(UnknownOutcomeError, match="stalled"):
        connect(timeout=(5, 0.5)).post_json("/api/lists", {"name": "Spring"})
    assert len(server.requests) == 1


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nX-Half: "])
def test_a_head_that_breaks_off_is_no_answer(connect: Connect, server: ScriptedServer, head: bytes) -> None:
    server.script = [Answer(fault=dripping([head])), Answer(fault=dripping([head]))]
    with pytest.raises(ConnectionFailedError, match="no whole answer"):
        connect(max_tries=1).request("DELETE", "/api/lists/{listId}", path_params={"listId": 3})
    with pytest.raises(UnknownOutcomeError):
        connect().post_json("/api/lists", {"name": "Spring"})


def test_a_refusal_whose_text_drips_counts_by_its_status(connect: Connect, server: ScriptedServer) -> None:
    server.script = [drip(LENGTH.replace(b"200 OK", b"503 No"))]
    with pytest.raises(ServerError):
        connect(max_tries=1, timeout=(5, 0.5)).get_json("/api/lists")


@pytest.mark.parametrize("answer", STALLING[3:])
def test_a_download_that_drips_is_broken_off(connect: Connect, server: ScriptedServer, answer: Answer) -> None:
    server.script = [answer]
    opened = connect(timeout=(5, 0.5)).stream("/api/export/data.json")
    with pytest.raises(requests.ConnectionError), opened as response:
        list(response.iter_content(1 << 16))


def test_an_answer_that_is_slow_and_goes_on_coming_is_read_to_its_end(connect: Connect, server: ScriptedServer) -> None:
    """It takes twice as long as a stall may."""
    stall, pieces = 2, 40
    piece = b" " * (MIN_BYTES_PER_SECOND * stall // 10)
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(piece) * pieces + 2}\r\n\r\n".encode()
    server.script = [Answer(fault=dripping([head, *[piece] * pieces, b"{}"], seconds=0.1))]
    assert connect(max_tries=1, timeout=(5, stall)).get_json("/api/lists") == {}


def test_the_time_that_a_reader_takes_does_not_count(connect: Connect, server: ScriptedServer) -> None:
    """It stands still for longer than a stall may last, but the answer is there."""
    server.script = [Answer(body=b"x" * 50_000)]
    with connect(timeout=(5, 0.2)).stream("/api/export/data.json") as response:
        parts = response.iter_content(100)
        first = next(parts)
        Event().wait(0.5)
        assert len(first) + sum(map(len, parts)) == 50_000


def test_answers_through_a_proxy_are_watched_too(
    connect: Connect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", server.url)
    server.script = [drip(LENGTH)]
    with pytest.raises(ConnectionFailedError, match="stalled"):
        connect(api_url="http://behind.invalid", max_tries=1, timeout=(5, 0.5)).get_json("/api/lists")
    assert server.last.target == "http://behind.invalid/api/lists"


def test_a_tunnel_that_never_opens_is_given_up(
    connect: Connect, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", server.url)
    server.after = lambda _: drip(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    with pytest.raises(ConnectionFailedError):
        connect(api_url="https://behind.invalid", max_tries=1, timeout=(0.5, 0.5)).get_json("/api/lists")


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedServer]:
    """A server with a certificate that is trusted."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(bundle := tmp_path / "ca.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with ScriptedServer(context).running() as server:
        yield server


@pytest.mark.parametrize("answer", [STALLING[0], STALLING[3]])
def test_answers_over_tls_are_watched_too(connect: Connect, tls: ScriptedServer, answer: Answer) -> None:
    tls.script = [answer]
    with pytest.raises(ConnectionFailedError, match="stalled"):
        connect(api_url=tls.url, max_tries=1, timeout=(5, 0.5)).get_json("/api/lists")


def create_a_list(client: IterableClient) -> object:
    return client.post_json("/api/lists", {"name": "Spring"})


def read_lists(client: IterableClient) -> object:
    return client.get_json("/api/lists")


@pytest.fixture(params=["http", "https"])
def asked(request: pytest.FixtureRequest) -> ScriptedServer:
    """A server of each scheme."""
    server: ScriptedServer = request.getfixturevalue("server" if request.param == "http" else "tls")
    return server


@pytest.mark.parametrize(("call", "kind"), [(read_lists, RunEndedError), (create_a_list, UnknownOutcomeError)])
@pytest.mark.parametrize("answer", [drip(HEAD), drip(LENGTH), drip(UNFRAMED, b"{}"), Answer(fault=silence)])
def test_a_run_that_is_to_end_waits_for_no_answer(
    connect: Connect,
    asked: ScriptedServer,
    answer: Answer,
    call: Callable[[IterableClient], object],
    kind: type[IterableError],
) -> None:
    cancellation, came = Cancellation(), Event()
    asked.after = lambda _: (came.set(), answer)[1]  # type: ignore[func-returns-value]
    client = connect(api_url=asked.url, cancellation=cancellation, timeout=(5, PATIENCE))
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(call, client)
        assert came.wait(PATIENCE)
        cancellation.cancel()
        with pytest.raises(kind):
            result.result(PATIENCE)
    assert len(asked.requests) == 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "300"}])
def test_a_run_that_is_to_end_does_not_wait_for_the_next_try(
    connect: Connect, server: ScriptedServer, headers: dict[str, str]
) -> None:
    came = Event()
    server.after = lambda _: (came.set(), Answer(503, headers=headers))[1]  # type: ignore[func-returns-value]
    cancellation = Cancellation()
    client = connect(cancellation=cancellation, sleep=None, first_wait=PATIENCE, longest_wait=PATIENCE)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(read_lists, client)
        assert came.wait(PATIENCE)
        cancellation.cancel()
        with pytest.raises(RunEndedError):
            result.result(PATIENCE)
    assert len(server.requests) == 1


def test_a_run_that_is_to_end_does_not_wait_for_a_limit(connect: Connect, server: ScriptedServer) -> None:
    cancellation = Cancellation()
    client = connect(cancellation=cancellation, limiter=DocumentedLimits(sleep=cancellation.sleep))
    with ThreadPoolExecutor(20) as pool:
        results = [pool.submit(client.get_json, "/api/users/getFields") for _ in range(20)]
        cancellation.cancel()
        ends = [result.exception(PATIENCE) for result in results]
    assert any(isinstance(end, RunEndedError) for end in ends)
    assert len(server.requests) < 20


def test_a_run_that_is_to_end_sends_nothing_more(connect: Connect, server: ScriptedServer) -> None:
    cancellation = Cancellation()
    client = connect(cancellation=cancellation)
    cancellation.cancel()
    for call in (read_lists, create_a_list):
        with pytest.raises(RunEndedError, match="The run was asked to end"):
            call(client)
    assert server.requests == []
