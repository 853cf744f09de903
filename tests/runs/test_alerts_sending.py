"""Alerts over the wire: by HTTP and SMTP, bounded in time, and in silence about where they go."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message as Mail
from email.policy import default
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from iterable_runs.alerts import sending
from iterable_runs.alerts.message import Message
from iterable_runs.alerts.settings import alert_problems
from tests.scripted_server import Answer, ScriptedServer, silence

TOKEN = "T0K3N-of-the-service"  # noqa: S105 (of no service)
MESSAGE = Message(
    "target-iterable (nightly): failed", "- The run failed: <b>why</b> & how\n\nTo look closer: …", "failure"
)


class Mailbox:
    """A mail server's handler that keeps what it takes."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's)
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A mail server, and its port."""
    box = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def hook(server: ScriptedServer) -> str:
    return f"{server.url.replace('http', 'json')}/{TOKEN}"


def test_an_alert_arrives_by_http(server: ScriptedServer) -> None:
    server.after = lambda _: Answer()
    assert sending.send([hook(server)], MESSAGE) == [sending.SENT]
    (request,) = server.requests
    sent = json.loads(request.body)
    assert (sent["title"], sent["message"], sent["type"]) == (MESSAGE.title, MESSAGE.text, "failure")


def test_an_alert_arrives_by_mail(mailbox: tuple[Mailbox, int]) -> None:
    box, port = mailbox
    url = f"mailto://127.0.0.1:{port}?from=sync@example.com&to=oncall@example.com&mode=insecure&format=text"
    assert sending.send([url], MESSAGE) == [sending.SENT]
    (mail,) = box.mails
    assert mail["subject"] == MESSAGE.title
    assert mail["to"] == "oncall@example.com"
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().split() == MESSAGE.text.split()


def test_what_a_service_refuses_is_tried_again_once_and_named_by_its_status(server: ScriptedServer) -> None:
    server.after = lambda _: Answer(403)
    assert sending.send([hook(server)], MESSAGE) == ["the service did not take it (status 403)"]
    assert len(server.requests) == 2


def test_one_service_that_is_away_does_not_keep_the_others_from_their_alert(server: ScriptedServer) -> None:
    server.after = lambda _: Answer()
    results = sending.send([f"json://127.0.0.1:1/{TOKEN}", hook(server)], MESSAGE)
    assert results == ["the service did not take it", sending.SENT]


def test_a_service_that_never_answers_holds_nobody_for_long(server: ScriptedServer) -> None:
    server.after = lambda _: Answer(fault=silence)
    began = time.monotonic()
    assert sending.send([f"{hook(server)}?rto=600"], MESSAGE, seconds=3) == [sending.NO_ANSWER]
    assert time.monotonic() - began < 60  # the service would be waited for ten minutes


def test_urls_are_checked_without_sending(server: ScriptedServer) -> None:
    urls = [hook(server), "nosuchservice://token", "json://", "no URL at all"]
    valid, *invalid = sending.valid_urls(urls)
    assert valid == sending.VALID
    assert all("Apprise cannot use it" in result for result in invalid)
    assert server.requests == []


def test_no_url_is_in_a_log_or_an_answer_at_any_level(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    server.after = lambda request: Answer(500 if "bad" in request.target else 200)
    urls = [
        hook(server),
        f"{hook(server)}/bad",
        f"discord://{TOKEN}",
        f"mailto://me:{TOKEN}@127.0.0.1:1?to=a@b.example",
    ]
    results = [*sending.valid_urls(urls), *sending.send(urls, MESSAGE)]
    assert results[4] == sending.SENT
    assert len({*results}) > 2
    said = "".join((caplog.text, *capfd.readouterr(), *results))
    assert TOKEN not in said
    assert "a@b.example" not in said


def test_a_process_that_cannot_work_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    assert sending.send([f"json://127.0.0.1:1/{TOKEN}"], MESSAGE) == ["its process ended with status 1"]


def test_a_file_in_the_directory_of_the_run_is_not_taken_for_apprise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, server: ScriptedServer
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("apprise", "json", "iterable_runs"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(9)")
    server.after = lambda _: Answer()
    assert sending.send([hook(server)], MESSAGE) == [sending.SENT]


SETTINGS = {"alerts": [], "alert_on": ["failure"]}


@pytest.mark.parametrize(
    ("settings", "problems"),
    [
        ({}, []),
        ({"alert_on": ["failure", "failure"]}, ["`alert_on` has failure twice"]),
        ({"alert_on": ["failing"]}, ["`alert_on` has the unknown condition 'failing'. Did you mean failure?"]),
        ({"alerts": ["json://127.0.0.1"], "alert_on": ["recovered"]}, ["`alerts` is set, but `alert_on` has nothing"]),
        ({"alerts": ["json://127.0.0.1"], "alert_on": []}, ["`alerts` is set, but `alert_on` has nothing"]),
        ({"alerts": ["json://127.0.0.1"], "alert_on": ["recovered", "failure"]}, []),
        (
            {"alerts": ["json://127.0.0.1", f"discord://{TOKEN}"]},
            ["`alerts[1]` is no URL that can be used: Apprise cannot use it: "],
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(settings: dict[str, list[str]], problems: list[str]) -> None:
    found = [*alert_problems(SETTINGS | settings, "target-iterable")]
    assert len(found) == len(problems)
    assert all(one.startswith(problem) for one, problem in zip(found, problems, strict=True))
    assert TOKEN not in str(found)


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "is_installed", lambda: False)
    settings = {"alerts": [f"json://127.0.0.1/{TOKEN}"], "alert_on": ["failure"]}
    assert [*alert_problems(settings, "tap-iterable")] == [
        "`alerts` is set, but the extra `alerts` is not installed: pip install 'singer-iterable[alerts]'"
    ]
