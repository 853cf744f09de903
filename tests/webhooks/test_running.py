"""A receiver at work: many at a time, slow ones among them, a signal, and what stays in the log."""

from __future__ import annotations

import re
import socket
import ssl
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests
import trustme

from benchmarks.webhook_sender import SECRET, Load, number_of, send
from iterable_webhooks.http import connection
from iterable_webhooks.store.events import BEGINNING
from iterable_webhooks.store.reader import StoreReader
from tests.webhooks.conftest import Start
from tests.webhooks.receivers import EVENT, HEADERS, Receiver, until

pytestmark = pytest.mark.more

HEAD = f"POST / HTTP/1.1\r\nHost: here\r\nX-Webhook-Secret: {SECRET}\r\nContent-Length: {len(EVENT)}\r\n\r\n".encode()


def _open(receiver: Receiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), timeout=60)


def _answer(sender: socket.socket) -> bytes:
    """All that comes until the connection is closed, or an answer is whole."""
    received = b""
    while b"\r\n\r\n" not in received or not received.endswith((b"OK", b".")):
        part = sender.recv(10_000)
        if not part:
            break
        received += part
    return received


def _count(text: str, metric: str) -> float:
    found = re.search(rf"^{metric} (\S+)$", text, re.MULTILINE)
    assert found
    return float(found[1])


def test_what_arrives_together_is_committed_together(start: Start, store: str) -> None:
    receiver = start(store=store)
    answers = send(receiver.url, Load(50, 2))
    assert {answer.status for answer in answers} == {200}
    metrics = receiver.get("/metrics").text
    commits = _count(metrics, "iterable_webhooks_commit_rows_count")
    assert _count(metrics, "iterable_webhooks_commit_rows_sum") == len(answers)
    assert commits < len(answers) / 3
    assert sorted(map(number_of, receiver.bodies())) == sorted(answer.number for answer in answers)


def test_two_receivers_share_a_store_and_all_their_events_are_in_one_order(start: Start, store: str) -> None:
    receivers = [start(store=store), start(store=store)]
    with ThreadPoolExecutor() as pool:
        loads = [Load(10, 2, first=number * 1_000_000) for number in range(2)]
        answers = list(pool.map(send, [receiver.url for receiver in receivers], loads))
    numbers = [answer.number for of_one in answers for answer in of_one]
    assert {answer.status for of_one in answers for answer in of_one} == {200}
    assert sorted(map(number_of, receivers[0].bodies())) == sorted(numbers)


def test_senders_of_a_byte_now_and_then_keep_nobody_waiting(start: Start) -> None:
    receiver = start()
    with ExitStack() as stack:
        slow = [stack.enter_context(_open(receiver)) for _ in range(100)]
        for number, sender in enumerate(slow):
            sender.sendall(HEAD[:10] if number % 2 else HEAD + EVENT[:10])
        for byte in range(10, 14):
            for number, sender in enumerate(slow):
                sender.sendall(HEAD[byte : byte + 1] if number % 2 else EVENT[byte : byte + 1])
            assert receiver.post().status_code == 200
        for number, sender in enumerate(slow):
            sender.sendall(HEAD[14:] + EVENT if number % 2 else EVENT[14:])
        assert all(b" 200 OK" in _answer(sender) for sender in slow)
    assert receiver.bodies() == [EVENT] * 104


def test_deliveries_that_follow_each_other_without_a_pause_are_all_answered(start: Start) -> None:
    receiver = start()
    with _open(receiver) as sender:
        sender.sendall((HEAD + EVENT) * 3 + HEAD)
        received = b""
        while received.count(b" 200 OK") < 3:
            received += sender.recv(10_000)
        sender.sendall(EVENT)
        while received.count(b" 200 OK") < 4:
            received += sender.recv(10_000)
    assert receiver.bodies() == [EVENT] * 4


def test_a_body_that_does_not_come_in_time_is_answered_408(start: Start) -> None:
    receiver = start("--body-timeout", "0.3")
    with _open(receiver) as sender:
        sender.sendall(HEAD + EVENT[:10])
        assert b" 408 " in _answer(sender)
    assert receiver.bodies() == []


def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing_behind(start: Start) -> None:
    receiver = start()
    with _open(receiver) as sender:
        sender.sendall(HEAD + EVENT[:10])
    until(lambda: 'status="400"' in receiver.get("/metrics").text)
    assert receiver.bodies() == []
    assert _count(receiver.get("/metrics").text, "iterable_webhooks_pending_bytes") == 0


def test_a_head_without_an_end_is_broken_off(start: Start) -> None:
    receiver = start()
    with _open(receiver) as sender, suppress(ConnectionError):
        sender.sendall(b"POST / HTTP/1.1\r\n")
        for _ in range(200):
            sender.sendall(b"X-Filler: " + b"x" * 1_000 + b"\r\n")
        assert b" 400 " in _answer(sender)
    assert receiver.post().status_code == 200
    assert connection.IDLE_TIMEOUT > 60  # load balancers keep connections for that long


def test_what_is_no_http_is_answered_400_and_the_next_is_served(start: Start) -> None:
    receiver = start()
    for rubbish in (bytes(range(256)) * 10, b"GET\r\n\r\n", b"POST / HTTP/1.1\r\nContent-Length: many\r\n\r\n"):
        with _open(receiver) as sender:
            sender.sendall(rubbish)
            assert _answer(sender).startswith(b"HTTP/1.1 400 ")
    assert receiver.post().status_code == 200


def test_bodies_of_any_number_and_size_take_less_than_100_mb_in_all(start: Start, store: str) -> None:
    receiver = start(store=store)
    large = b'{"inAppBody": "' + b"x" * 1_000_000 + b'"}'
    with ThreadPoolExecutor(30) as pool:
        statuses = [answer.status_code for answer in pool.map(receiver.post, [large] * 150)]
    assert set(statuses) <= {200, 503}
    assert receiver.bodies() == [large] * statuses.count(200)
    status = Path(f"/proc/{receiver.process.pid}/status").read_text()
    assert _count(status.replace(" kB", "").replace(":", ""), r"VmHWM\s*") < 100_000


def test_a_signal_ends_a_receiver_when_it_has_answered_what_it_has_accepted(start: Start, store: str) -> None:
    receiver = start(store=store)
    with ExitStack() as stack:
        accepted = [stack.enter_context(_open(receiver)) for _ in range(20)]
        for sender in accepted:
            sender.sendall(HEAD + EVENT[:-1])
        until(lambda: _count(receiver.get("/metrics").text, "iterable_webhooks_pending_bytes") == 20 * (len(EVENT) - 1))
        receiver.process.terminate()
        until(lambda: not _accepts(receiver))
        for sender in accepted:
            sender.sendall(EVENT[-1:])
        assert all(b" 200 OK" in _answer(sender) for sender in accepted)
    assert receiver.process.wait(60) == 0
    assert receiver.bodies() == [EVENT] * 20


def _accepts(receiver: Receiver) -> bool:
    with suppress(OSError), _open(receiver):
        return True
    return False


def test_a_signal_under_load_loses_nothing_that_was_answered(start: Start, store: str) -> None:
    receiver = start(store=store)
    with ThreadPoolExecutor() as pool:
        sending = pool.submit(send, receiver.url, Load(20, 2))
        time.sleep(0.7)
        assert receiver.end() == 0
        answers = sending.result()
    answered = {answer.number for answer in answers if answer.status == 200}
    assert len(answered) > 20
    assert answered <= set(map(number_of, receiver.bodies()))


def test_the_log_holds_nothing_about_people_and_no_secret(start: Start, tmp_path: Path) -> None:
    person, other = "someone@example.com", "another-secret-of-some-length"
    receiver = start("--keep-days", "1")
    body = f'{{"email": "{person}", "eventName": "{person}"}}'.encode()
    with requests.Session() as session:
        for content in (body, body[:-1], b"x" * 2_000_000, body + b"\xff"):
            for secret in (SECRET, other):
                headers = {"X-Webhook-Secret": secret, "User-Agent": person}
                session.post(f"{receiver.url}/{person}?email={person}", content, headers=headers, timeout=60)
    receiver.post(body, f"/{SECRET}", {})
    with _open(receiver) as sender:
        sender.sendall(HEAD + body[:20])
    with _open(receiver) as sender:
        sender.sendall(f"{person}\r\n\r\n".encode())
        _answer(sender)
    assert receiver.end() == 0
    log = receiver.log.read_text()
    for secret in (person, "someone", SECRET, other, "127.0.0.1"):
        assert secret not in log
    assert (tmp_path / "store.db").stat().st_mode & 0o077 == 0


def test_what_was_read_and_is_old_is_removed_while_a_receiver_runs(start: Start) -> None:
    first = start()
    assert first.post().status_code == 200
    assert first.post().status_code == 200
    with StoreReader(first.store) as reader:
        reader.mark_read("tap", BEGINNING)
        assert first.end() == 0
        assert start("--keep-days", "0").bodies() == [EVENT, EVENT]
        reader.mark_read("tap", reader.last_position)
        second = start("--keep-days", "0")
        until(lambda: second.bodies() == [])
        assert second.post(b'{"new": 1}').status_code == 200


def test_tls_is_served_with_a_certificate_and_its_key(start: Start, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certfile, keyfile, trusted = (tmp_path / name for name in ("cert.pem", "key.pem", "ca.pem"))
    certfile.write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(keyfile)
    authority.cert_pem.write_to_path(trusted)
    receiver = start("--certfile", str(certfile), "--keyfile", str(keyfile))
    assert receiver.url.startswith("https://")
    answer = requests.post(receiver.url, EVENT, headers=HEADERS, timeout=60, verify=str(trusted))
    assert (answer.status_code, receiver.bodies()) == (200, [EVENT])
    assert ssl.create_default_context(cafile=str(trusted)).verify_mode is ssl.CERT_REQUIRED
