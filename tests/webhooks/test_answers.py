"""Each status of an answer, and what is in the store then."""

from __future__ import annotations

import base64
import json
import resource
import socket
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest
import requests

from benchmarks.webhook_sender import SECRET
from iterable_webhooks.store.reader import StoreReader
from tests.webhooks.conftest import Start
from tests.webhooks.receivers import EVENT, HEADERS, Receiver, until

OTHER_SECRET = "another-secret-of-some-length"  # noqa: S105 (of receivers that end with their test)
LARGE = b'{"a": "' + b"x" * 400_000 + b'"}'


def _basic(text: str) -> Mapping[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


FORMS: dict[str, tuple[str, Mapping[str, str]]] = {
    "custom header": ("/", HEADERS),
    "bare token": ("/", {"Authorization": SECRET}),
    "OAuth2": ("/", {"Authorization": f"OAuth2 {SECRET}"}),
    "Basic and the token": ("/", {"Authorization": f"Basic {SECRET}"}),
    "Basic and base64 of the token": ("/", _basic(SECRET)),
    "Basic with the token as the password": ("/", _basic(f"iterable:{SECRET}")),
    "Basic with the token as the user": ("/", _basic(f"{SECRET}:")),
    "path": (f"/{SECRET}", {}),
    "end of a longer path": (f"/iterable/events/{SECRET}", {}),
}
WRONG: dict[str, tuple[str, Mapping[str, str]]] = {
    "nothing": ("/", {}),
    "another one": ("/", {"X-Webhook-Secret": OTHER_SECRET}),
    "a part of it": ("/", {"X-Webhook-Secret": SECRET[:-1]}),
    "more than it": (f"/{SECRET}0", {}),
    "another scheme": ("/", {"Authorization": f"Digest {SECRET}"}),
    "no base64": ("/", {"Authorization": "Basic ==="}),
    "in the middle of the path": (f"/{SECRET}/events", {}),
    "in the query": (f"/?secret={SECRET}", {}),
    "empty": ("/", {"X-Webhook-Secret": "", "Authorization": ""}),
}


@pytest.mark.parametrize("form", FORMS)
def test_the_secret_is_taken_in_each_form_in_which_iterable_can_send_it(module_receiver: Receiver, form: str) -> None:
    path, headers = FORMS[form]
    answer = module_receiver.post(path=path, headers=headers)
    assert (answer.status_code, answer.text) == (200, "OK")


@pytest.mark.parametrize("form", WRONG)
def test_a_delivery_without_the_secret_is_answered_401_and_not_stored(module_receiver: Receiver, form: str) -> None:
    before = module_receiver.bodies()
    path, headers = WRONG[form]
    assert module_receiver.post(path=path, headers=headers).status_code == 401
    assert module_receiver.bodies() == before
    log = module_receiver.log.read_text()
    assert SECRET not in log
    assert OTHER_SECRET not in log


def test_events_of_any_name_and_shape_are_stored_as_the_bytes_that_came(start: Start, store: str) -> None:
    bodies = [
        EVENT,
        b'{"eventName": "somethingNew", "other": [1, {"a": null}]}',
        b" {} \n",
        b'{"eventName": 5}',
        b'{"eventName": "a\\u0000b"}',
        b'{"eventName": "' + b"n" * 3_000 + b'"}',
        b'{"number": 1' + b"0" * 5_000 + b', "other": 1e999999}',
        b'{"emailSubject": "half a face \\ud83d"}',
        '{"eventName": "Köttbullar", "city": "東京"}'.encode(),
        b'{"a": "' + b"x" * 1_000_000 + b'"}',
    ]
    receiver = start(store=store)
    assert [receiver.post(body).status_code for body in bodies] == [200] * len(bodies)
    assert receiver.bodies() == bodies
    with StoreReader(store) as reader:
        assert reader.event_names() == ["", "Köttbullar", "emailOpen", "somethingNew"]


ODD_BODIES = {
    "nothing": b"",
    "an array": b"[{}]",
    "a text": b'"emailOpen"',
    "a form": b"eventName=emailOpen",
    "random bytes": bytes(range(256)) * 20,
    "two objects": b"{}{}",
    "cut off": EVENT[:-1],
    "Latin-1": '{"city": "Malmö"}'.encode("latin-1"),
    "UTF-16": '{"city": "Malmö"}'.encode("utf-16"),
    "NaN": b'{"a": NaN}',
    "a name that is cut off": b'{"eventName": "\\ud8',
    "NaN beside half a pair": b'{"a": "\\ud83d", "b": NaN}',
    "deep": b'{"a":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep beside half a pair": b'{"b": "\\ud83d", "a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
}


def test_what_is_no_json_object_is_answered_400_and_kept_in_a_table_of_its_own(start: Start, store: str) -> None:
    receiver = start(store=store)
    answers = [receiver.post(body) for body in ODD_BODIES.values()]
    assert {answer.status_code for answer in answers} == {400}
    assert all(answer.text.startswith("The body is no JSON object: ") for answer in answers)
    assert receiver.bodies() == []
    assert receiver.post().status_code == 200
    with StoreReader(store) as reader:
        assert reader.malformed_count() == len(ODD_BODIES)
    if "://" not in store:
        with closing(sqlite3.connect(store)) as database:
            kept = database.execute("SELECT body FROM iterable_webhook_malformed ORDER BY id").fetchall()
        assert [body for (body,) in kept] == list(ODD_BODIES.values())


def test_a_body_above_the_limit_is_answered_413_and_one_at_the_limit_is_stored(start: Start) -> None:
    receiver = start("--max-body-kb", "2")
    fitting = b'{"a": "' + b"x" * (2_048 - 9) + b'"}'
    assert receiver.post(fitting).status_code == 200
    assert receiver.post(fitting + b" ").status_code == 413
    in_chunks = requests.post(receiver.url, data=iter([fitting, b" "]), headers=HEADERS, timeout=60)
    assert in_chunks.status_code == 413
    assert receiver.post(b"x" * 3_000_000).status_code == 413
    assert receiver.bodies() == [fitting]


def test_other_methods_are_refused_and_health_says_whether_the_store_commits(module_receiver: Receiver) -> None:
    assert module_receiver.get("/").status_code == 405
    assert (module_receiver.get("/health").status_code, module_receiver.get("/health").text) == (200, "OK")


def test_metrics_count_answers_and_events_by_names_that_iterable_has(start: Start) -> None:
    receiver = start()
    for body in (EVENT, EVENT, b'{"eventName": "person@example.com"}', b"[]"):
        receiver.post(body)
    text = receiver.get("/metrics").text
    assert 'iterable_webhooks_answers_total{status="200"} 3.0' in text
    assert 'iterable_webhooks_answers_total{status="400"} 1.0' in text
    assert 'iterable_webhooks_events_total{event_name="emailOpen",project="default"} 2.0' in text
    assert 'iterable_webhooks_events_total{event_name="other",project="default"} 1.0' in text
    assert "person@example.com" not in text


def test_a_locked_store_is_answered_503_and_works_again_when_it_is_free(start: Start) -> None:
    receiver = start("--store-timeout", "0.5")
    with closing(sqlite3.connect(receiver.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        answer = receiver.post()
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert receiver.get("/health").status_code == 503
        other.execute("ROLLBACK")
    until(lambda: receiver.get("/health").status_code == 200)
    assert receiver.post(b'{"second": 1}').status_code == 200
    assert receiver.bodies() == [b'{"second": 1}']  # the first was answered 503, and so it is not stored later


def test_a_full_disk_is_answered_503_and_nothing_is_stored(start: Start, tmp_path: Path) -> None:
    limited = tmp_path / "limited.db"
    receiver = start(store=str(limited))
    assert receiver.post().status_code == 200
    # A file that may not grow is a full disk for SQLite.
    no_limit = resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
    large = json.dumps({"a": "x" * 500_000}).encode()
    assert receiver.post(large).status_code == 503
    resource.prlimit(receiver.process.pid, resource.RLIMIT_FSIZE, no_limit)
    assert receiver.post(large).status_code == 200
    assert receiver.bodies() == [EVENT, large]
    log = receiver.log.read_text()
    assert "answered 503 until it works again" in log
    assert "nobody@example.com" not in log


def test_more_than_may_be_in_memory_is_answered_503_and_room_is_made_again(start: Start) -> None:
    receiver = start("--max-pending-mb", "1", "--max-body-kb", "900")
    head = f"POST / HTTP/1.1\r\nHost: here\r\nX-Webhook-Secret: {SECRET}\r\nContent-Length: 900000\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", receiver.port), timeout=60) as slow:
        slow.sendall(head + b"x" * 800_000)
        until(lambda: "iterable_webhooks_pending_bytes 800000.0" in receiver.get("/metrics").text)
        assert receiver.post(LARGE).status_code == 503
    until(lambda: receiver.post(LARGE).status_code == 200)


def test_each_project_has_a_path_and_a_secret_of_its_own(start: Start) -> None:
    secrets = {"ITERABLE_WEBHOOKS_SECRET": SECRET, "ITERABLE_WEBHOOKS_SECRET_NORTH_SHOP": OTHER_SECRET}
    receiver = start("--project", "south", "--project", "north-shop", secrets=secrets)
    statuses = [
        receiver.post(b'{"n": 1}', "/south").status_code,
        receiver.post(b'{"n": 2}', f"/south/{SECRET}", {}).status_code,
        receiver.post(b'{"n": 3}', "/north-shop").status_code,
        receiver.post(b'{"n": 4}', f"/north-shop/{OTHER_SECRET}", {}).status_code,
        receiver.post(b'{"n": 5}', "/west").status_code,
        receiver.post(b'{"n": 6}', "/").status_code,
    ]
    assert statuses == [200, 200, 401, 200, 404, 404]
    with StoreReader(receiver.store) as reader:
        (south,) = reader.read(project="south")
        (north,) = reader.read(project="north-shop")
    assert [event.body for event in south.events] == [b'{"n": 1}', b'{"n": 2}']
    assert [event.body for event in north.events] == [b'{"n": 4}']


def test_secrets_of_a_file_are_taken_one_a_line_so_that_one_can_be_changed(start: Start, tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text(f"{SECRET}\n{OTHER_SECRET}\n")
    receiver = start("--secret-file", str(file), "--secret-header", "X-Own", secrets={})
    assert receiver.post(headers={"X-Own": SECRET}).status_code == 200
    assert receiver.post(headers={"x-own": OTHER_SECRET}).status_code == 200
    assert receiver.post(headers={"X-Webhook-Secret": SECRET}).status_code == 401


def test_without_a_secret_a_receiver_on_this_machine_takes_every_event_if_it_is_told_so(start: Start) -> None:
    assert start("--no-secret", secrets={}).post(headers={}).status_code == 200
