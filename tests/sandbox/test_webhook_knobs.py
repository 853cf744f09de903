"""Settings that disturb deliveries: duplicates, losses, order, delays, connections."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

from tests.sandbox.hooked import arrived, calls, hooked, outcomes, stopped_clock, subscribe, target
from tests.scripted_server import Answer, Request, ScriptedServer


def test_duplicates_are_the_same_event_twice(server: ScriptedServer) -> None:
    with hooked(server, webhook_duplicates=1) as http:
        target(http)
        target(http)
        assert sorted(Counter(one.body for one in calls(http, server)).values()) == [2, 2]


def test_what_is_lost_never_arrives_and_is_in_the_log(server: ScriptedServer) -> None:
    with hooked(server, webhook_loss=1) as http:
        target(http)
        assert calls(http, server) == []
        assert [(one.outcome, one.event, one.status) for one in http.sandbox.attempts()] == [
            ("lost", "emailSend", None)
        ]


def test_shares_of_losses_and_duplicates_hold_for_many_events(server: ScriptedServer) -> None:
    with hooked(server, webhook_loss=0.5, webhook_duplicates=0.5) as http:
        subscribe(http, 200)
        got = Counter(one.body for one in calls(http, server))
        assert 60 < len(got) < 140
        assert 0 < Counter(got.values())[2] < len(got)
        assert outcomes(http).keys() == {"lost", "delivered"}


def test_one_connection_keeps_the_order_of_events(server: ScriptedServer) -> None:
    with hooked(server, webhook_connections=1) as http:
        subscribe(http, 50)
        assert [one["email"] for one in arrived(http, server)] == [f"reader{n}@example.com" for n in range(50)]


def test_shuffled_calls_come_in_another_order_and_none_is_missing(server: ScriptedServer) -> None:
    with hooked(server, webhook_connections=1, webhook_shuffle=600, clock=stopped_clock()) as http:
        subscribe(http, 50)
        http.sandbox.clock.advance(timedelta(minutes=10))
        got = [one["email"] for one in arrived(http, server)]
        expected = [f"reader{number}@example.com" for number in range(50)]
        assert (got != expected, sorted(got)) == (True, sorted(expected))


def test_a_delayed_call_waits_for_its_time(server: ScriptedServer) -> None:
    with hooked(server, webhook_delay=300, clock=stopped_clock()) as http:
        target(http)
        assert not http.sandbox.wait_for_webhooks(0.2)
        assert server.requests == []
        http.sandbox.clock.advance(timedelta(minutes=5))
        assert len(calls(http, server)) == 1


def test_as_many_calls_are_on_their_way_together_as_the_setting_says(server: ScriptedServer) -> None:
    together = threading.Barrier(3, timeout=10)

    def answer(_: Request) -> Answer:
        together.wait()
        return Answer()

    server.after = answer
    with hooked(server, webhook_connections=3) as http:
        subscribe(http, 6)
        assert len(calls(http, server)) == 6
        assert outcomes(http) == {"delivered": 6}
