"""Calls of webhooks as a receiver sees them: headers, URLs, tries, duplicates, losses and order."""

from __future__ import annotations

import subprocess
import sys
import threading
from base64 import b64encode
from datetime import timedelta
from time import monotonic

import psutil
import pytest

from iterable_sandbox.server import Sandbox
from iterable_sandbox.writes import events
from tests.sandbox.conftest import Http
from tests.sandbox.hooked import (
    EMAIL,
    JOURNEY,
    TRIGGERED,
    arrived,
    calls,
    hooked,
    outcomes,
    stopped_clock,
    subscribe,
    target,
    until,
)
from tests.scripted_server import Answer, Request, ScriptedServer, reset, silence

TOKEN = "t0ken-of-ours"  # noqa: S105


def test_each_event_is_one_post_of_one_json_object(server: ScriptedServer) -> None:
    with hooked(server) as http:
        target(http)
        target(http, "sms", 103)
        got = calls(http, server)
        assert [(one.method, one.target, one.headers["Content-Type"]) for one in got] == [
            ("POST", "/hook", "application/json")
        ] * 2
        assert {one["eventName"] for one in arrived(http, server)} == {"emailSend", "smsSend"}


@pytest.mark.parametrize(
    ("auth_type", "form", "expected"),
    [
        ("NoAuth", "bare", None),
        ("OAuth2", "bare", f"OAuth2 {TOKEN}"),
        ("Basic", "bare", TOKEN),
        ("Basic", "prefixed", f"Basic {TOKEN}"),
        ("Basic", "encoded", f"Basic {b64encode(TOKEN.encode()).decode()}"),
    ],
)
def test_the_authorization_is_that_of_the_auth_type(
    server: ScriptedServer, auth_type: str, form: str, expected: str | None
) -> None:
    webhook = {"authType": auth_type, "authToken": TOKEN}
    with hooked(server, webhook, webhook_basic_auth=form) as http:
        target(http)
        assert calls(http, server)[0].headers["Authorization"] == expected


def test_own_headers_are_sent_and_go_over_others(server: ScriptedServer) -> None:
    headers = [{"key": "X-Secret", "value": "s3cr3t"}, {"key": "content-type", "value": "application/x-own"}]
    with hooked(server, {"headers": headers}) as http:
        target(http)
        [call] = calls(http, server)
        assert (call.headers["X-Secret"], call.headers.get_all("Content-Type")) == ("s3cr3t", ["application/x-own"])


def test_merge_tags_of_the_url_are_filled_and_what_has_no_value_is_empty(server: ScriptedServer) -> None:
    named = (
        "campaignId campaignName templateId templateName channelId workflowId workflowName experimentId messageTypeId"
    )
    tags = [*named.split(), "nothing"]
    path = "/{{campaignId}}/x?" + "&".join(f"{tag}={{{{ {tag} }}}}" for tag in tags)
    with hooked(server, {"endpoint": path}) as http:
        target(http)
        expected = f"/{TRIGGERED}/x?campaignId={TRIGGERED}&campaignName=Campaign%20100&templateId=1100"
        expected += f"&templateName=Template%20100&channelId=40&workflowId={JOURNEY}&workflowName=Welcome%20%26%20more"
        assert calls(http, server)[0].target == f"{expected}&experimentId=&messageTypeId=30&nothing="


def test_what_was_changed_through_the_api_counts_for_the_next_call(server: ScriptedServer) -> None:
    with hooked(server) as http:
        [webhook] = http.get("/api/webhooks").json()["webhooks"]
        change = {"endpoint": f"{server.url}/new", "authType": "OAuth2", "authToken": TOKEN}
        http.ok("/api/webhooks", {"id": webhook["id"]} | change)
        target(http)
        [call] = calls(http, server)
        assert (call.target, call.headers["Authorization"]) == ("/new", f"OAuth2 {TOKEN}")
        http.ok("/api/webhooks", {"id": webhook["id"], "enabled": False})
        target(http)
        assert len(calls(http, server)) == 1


@pytest.mark.parametrize(("rule", "called"), [("loopback", 1), ("refuse", 0), ("allow", 1)])
def test_plain_http_is_called_only_where_it_is_allowed(server: ScriptedServer, rule: str, called: int) -> None:
    with hooked(server) as http:
        http.ok("/_sandbox/settings", {"webhook_plain_http": rule})
        target(http)
        assert len(calls(http, server)) == called
        [attempt] = http.sandbox.attempts()
        assert (attempt.outcome, attempt.problem) == (
            ("delivered", None) if called else ("given_up", "EndpointRefused")
        )


@pytest.mark.parametrize("endpoint", ["http://hooks.example.com/", "http://127.0.0.1.example.com/", "ftp://127.0.0.1/"])
def test_an_endpoint_that_could_never_be_called_is_refused_at_once(sandbox: Sandbox, endpoint: str) -> None:
    with pytest.raises(ValueError, match="endpoint: a webhook must go to an https:// URL"):
        sandbox.add_webhook(endpoint)


def test_a_failed_call_is_tried_again_with_the_same_body_and_then_given_up(server: ScriptedServer) -> None:
    server.after = lambda _: Answer(503)
    with hooked(server, webhook_pauses=(0, 0, 0)) as http:
        target(http)
        got = calls(http, server)
        assert (len(got), len({one.body for one in got})) == (4, 1)
        attempts = http.sandbox.attempts()
        assert [(one.outcome, one.status, one.tries) for one in attempts] == [
            ("failed", 503, 1),
            ("failed", 503, 2),
            ("failed", 503, 3),
            ("given_up", 503, 4),
        ]
        assert len({one.delivery for one in attempts}) == 1


def test_a_call_that_fails_once_arrives_at_the_second_try(server: ScriptedServer) -> None:
    server.script = [Answer(500), Answer(fault=reset)]
    with hooked(server, webhook_pauses=(0, 0)) as http:
        target(http)
        assert len(calls(http, server)) == 3
        assert [one.outcome for one in http.sandbox.attempts()] == ["failed", "failed", "delivered"]
        assert http.sandbox.attempts()[1].problem == "ProtocolError"


def test_pauses_between_tries_pass_by_the_clock_of_the_sandbox(server: ScriptedServer) -> None:
    server.script = [Answer(500)]
    with hooked(server, webhook_pauses=(3600,), clock=stopped_clock()) as http:
        target(http)
        until(http.sandbox.attempts)
        assert not http.sandbox.wait_for_webhooks(0.2)
        assert [one.outcome for one in http.sandbox.attempts()] == ["failed"]
        http.sandbox.clock.advance(timedelta(hours=1))
        assert len(calls(http, server)) == 2


@pytest.mark.parametrize(
    ("rule", "status", "accepted"),
    [
        ("2xx", 204, True),
        ("2xx", 302, False),
        ("2xx", 404, False),
        ("200", 204, False),
        ("200", 200, True),
        ("below_500", 404, True),
        ("below_500", 500, False),
    ],
)
def test_which_answers_count_as_success_is_a_setting(
    server: ScriptedServer, rule: str, status: int, *, accepted: bool
) -> None:
    server.after = lambda _: Answer(status, b"", {"Location": f"{server.url}/elsewhere"})
    with hooked(server, webhook_accepted=rule, webhook_pauses=()) as http:
        target(http)
        assert [one.target for one in calls(http, server)] == ["/hook"]
        assert outcomes(http) == {"delivered" if accepted else "given_up": 1}


def test_a_receiver_that_does_not_answer_in_time_has_failed(server: ScriptedServer) -> None:
    server.after = lambda _: Answer(fault=silence)
    with hooked(server, webhook_timeout=0.2, webhook_pauses=()) as http:
        target(http)
        assert len(calls(http, server)) == 1
        [attempt] = http.sandbox.attempts()
        assert (attempt.outcome, attempt.status, attempt.problem) == ("given_up", None, "ReadTimeoutError")
        assert attempt.milliseconds >= 200


def test_a_receiver_that_is_not_there_has_failed() -> None:
    server = ScriptedServer()
    with server.running():
        pass
    with hooked(server, webhook_pauses=()) as http:
        target(http)
        assert http.sandbox.wait_for_webhooks()
        assert [(one.outcome, one.problem) for one in http.sandbox.attempts()] == [("given_up", "NewConnectionError")]


def test_what_was_undone_is_told_to_nobody(server: ScriptedServer) -> None:
    with hooked(server) as http:
        user = http.sandbox.store.users.by_email(EMAIL)
        assert user is not None
        with http.sandbox.store.database.rolled_back():
            events.record(http.sandbox.project, "emailSend", user, {"campaignId": TRIGGERED})
        target(http)
        assert len(calls(http, server)) == 1


def test_a_write_that_waits_is_told_once_and_when_it_takes_effect(server: ScriptedServer) -> None:
    with hooked(server, apply_delays={"single": 60}, clock=stopped_clock()) as http:
        list_id = http.new_list()
        http.ok("/api/users/updateSubscriptions", {"email": EMAIL, "emailListIds": [list_id]})
        assert calls(http, server) == []
        http.sandbox.clock.advance(timedelta(minutes=2))
        http.get("/api/lists")
        assert [one["dataFields"]["emailListIds"] for one in arrived(http, server)] == [[list_id]]


def test_seeded_and_custom_events_call_nobody(server: ScriptedServer, database: str) -> None:
    with Sandbox(database=database) as sandbox:
        sandbox.add_webhook(f"{server.url}/hook")
        http = Http(sandbox)
        http.track({"email": EMAIL, "eventName": "bought"})
        assert calls(http, server) == []
        assert sandbox.attempts() == []
        http.session.close()


def test_what_waits_for_a_webhook_that_is_deleted_is_dropped(server: ScriptedServer) -> None:
    with hooked(server, webhook_delay=60, clock=stopped_clock()) as http:
        target(http)
        http.send("DELETE", "/_sandbox/webhooks/1")
        http.sandbox.clock.advance(timedelta(minutes=1))
        assert calls(http, server) == []
        assert outcomes(http) == {"dropped": 1}


def test_a_sandbox_ends_at_once_while_calls_wait_and_one_hangs(server: ScriptedServer) -> None:
    arrived_here, release = threading.Event(), threading.Event()

    def hang(_: Request) -> Answer:
        arrived_here.set()
        release.wait(30)
        return Answer()

    server.after = hang
    with hooked(server, webhook_timeout=30, webhook_connections=1) as http:
        subscribe(http, 20)
        assert arrived_here.wait(10)
        began = monotonic()
    assert monotonic() - began < 10
    release.set()
    assert len(server.requests) == 1


def test_calls_that_wait_are_not_kept_in_memory(server: ScriptedServer) -> None:
    with hooked(server, webhook_delay=3600) as http:
        add = http.sandbox.store.resources.add
        add("campaign", [(7, {"id": 7, "messageMedium": "InApp", "templateId": 8, "type": "Triggered", "name": "x"})])
        add("template", [(8, {"templateId": 8, "contents": {"": {"html": "x" * 20_000}}})])
        subscribe(http, 1000)
        before = psutil.Process().memory_info().rss
        for _ in range(4):
            http.ok("/api/campaigns/trigger", {"campaignId": 7, "listIds": [1_000_001]})
        assert http.sandbox.store.deliveries.count() == 5000
        assert psutil.Process().memory_info().rss - before < 40_000_000


def test_the_log_of_attempts_holds_no_personal_data_and_no_secret(server: ScriptedServer) -> None:
    server.script = [Answer(500), Answer(fault=reset)]
    secret = {"endpoint": "/hook?token=s3cr3t", "authType": "OAuth2", "authToken": "s3cr3t"}
    with hooked(server, secret, webhook_pauses=(0, 0)) as http:
        target(http)
        calls(http, server)
        for told in (http.get("/_sandbox/webhooks/attempts").text, http.get("/_sandbox/webhooks").text):
            assert "s3cr3t" not in told
            assert EMAIL not in told
        assert "s3cr3t" not in http.get("/").text.partition('id="webhooks"')[2]


def test_nothing_of_a_call_is_logged_even_when_all_is() -> None:
    code = """
import logging
logging.basicConfig(level=logging.DEBUG)
from tests.scripted_server import Answer, ScriptedServer
from tests.sandbox.hooked import calls, hooked, target
with ScriptedServer().running() as server:
    server.script = [Answer(500)]
    with hooked(server, {"endpoint": "/hook?token=s3cr3t"}, webhook_pauses=(0,)) as http:
        target(http)
        assert len(calls(http, server)) == 2
"""
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (ran.returncode, "s3cr3t" in ran.stdout + ran.stderr) == (0, False)
