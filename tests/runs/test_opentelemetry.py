"""Spans and counters of runs, as a collector gets them by OTLP."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests as requests_lib
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from iterable_runs.store.facts import IdentityFacts, RejectReasonFacts, RequestFacts
from iterable_runs.store.statuses import FAILED
from iterable_runs.store.writer import News
from iterable_runs.telemetry.activation import problems, wanted_exports
from iterable_runs.telemetry.observer import TelemetryObserver
from tests.runs.collector import Collector, attributes
from tests.runs.endings import MINUTE, START, news, stream, target_run
from tests.scripted_server import Answer, ScriptedServer, silence

SECOND = 1_000_000
ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector to which this process exports."""
    with Collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        yield running


def export(*seen: News, environment: Mapping[str, str] = ENDPOINT, seconds: float = 30, **run: Any) -> None:
    """Export a run with these snapshots; the last one is its end."""
    observer = TelemetryObserver(wanted_exports(environment), seconds)
    observer.on_start(target_run(**run))
    *snapshots, last = seen
    for snapshot in snapshots:
        observer.on_snapshot(snapshot)
    observer.on_end(last)
    observer.wait()


def requests(*found: RequestFacts) -> list[tuple[int, RequestFacts]]:
    return list(enumerate(found, 1))


BULK = RequestFacts(START + 3 * SECOND, "POST", "/api/users/bulkUpdate", 200, 400, 1, "users", 100, 90, 10, 0)
REFUSED = RequestFacts(START + 4 * SECOND, "POST", "/api/users/bulkUpdate", 429, 50, 2, "users", 100)
LOST = RequestFacts(START + 9 * SECOND, "GET", "/api/users/{id}", None, 2_000)


def a_run() -> tuple[News, News, News]:
    reasons = {"invalidEmails": RejectReasonFacts(9, ["email"]), "unknown": RejectReasonFacts(1)}
    return (
        News(START + 5 * SECOND, [stream(read=100, written=50)], requests(BULK, REFUSED)),
        News(START + 10 * SECOND, [stream(read=100, written=90, rejected=10, rejects=reasons)], requests(LOST)),
        news(stream(read=100, written=90, rejected=10, rejects=reasons), stream("events", read=1), at=START + MINUTE),
    )


def test_a_run_its_streams_and_its_requests_are_spans_of_one_trace(collector: Collector) -> None:
    export(*a_run())
    spans = collector.spans
    assert len(collector.all_spans) == 6
    run, users, events = (spans[name] for name in ("target-iterable run", "stream users", "stream events"))
    bulk, lost = spans["POST /api/users/bulkUpdate"], spans["GET /api/users/{id}"]
    assert {span.trace_id for span in collector.all_spans} == {run.trace_id}
    assert run.parent_span_id == b""
    assert users.parent_span_id == events.parent_span_id == lost.parent_span_id == run.span_id
    assert bulk.parent_span_id == users.span_id
    assert bulk.kind == Span.SPAN_KIND_CLIENT
    assert (run.start_time_unix_nano, run.end_time_unix_nano) == (START * 1000, (START + MINUTE) * 1000)
    assert users.start_time_unix_nano == (START * 1000 + 2_600_000_000)
    assert users.end_time_unix_nano == (START + 10 * SECOND) * 1000
    assert lost.end_time_unix_nano - lost.start_time_unix_nano == 2_000_000_000


def test_spans_say_what_came_of_it(collector: Collector) -> None:
    export(*a_run())
    spans = collector.spans
    run = attributes(spans["target-iterable run"].attributes)
    assert run["iterable.run.id"] == "0011223344556677"
    assert run["iterable.pipeline"] == "nightly"
    assert (run["iterable.read"], run["iterable.rejected"], run["iterable.run.status"]) == (101, 10, "succeeded")
    assert spans["target-iterable run"].status.code == Status.STATUS_CODE_UNSET
    refused = next(span for span in collector.all_spans if attributes(span.attributes).get("error.type") == "429")
    assert refused.status.code == Status.STATUS_CODE_ERROR
    assert attributes(refused.attributes) == {
        "http.request.method": "POST",
        "url.template": "/api/users/bulkUpdate",
        "http.response.status_code": 429,
        "http.request.resend_count": 1,
        "iterable.stream": "users",
        "iterable.records": 100,
        "error.type": "429",
    }
    assert attributes(spans["GET /api/users/{id}"].attributes)["error.type"] == "no answer"


def test_a_failed_run_is_an_error_with_its_sentence(collector: Collector) -> None:
    export(news(status=FAILED, error="Iterable refused the key of ann@example.com."))
    status = collector.spans["target-iterable run"].status
    assert status.code == Status.STATUS_CODE_ERROR
    assert status.message == "Iterable refused the key of <address>"


def test_records_are_counted_by_stream_verdict_and_reason(collector: Collector) -> None:
    export(*a_run())
    counts = {
        (found["iterable.stream"], found["iterable.verdict"], found.get("iterable.reject.reason")): number
        for found, number in ((dict(key), number) for key, number in collector.counts("iterable.records").items())
    }
    assert counts == {
        ("users", "read", None): 100,
        ("users", "written", None): 90,
        ("users", "rejected", "invalidEmails"): 9,
        ("users", "rejected", "unknown"): 1,
        ("events", "read", None): 1,
    }
    assert [*collector.counts("iterable.runs").values()] == [1]
    durations = {
        tuple(attributes(point.attributes).values()): (point.count, point.sum)
        for point in collector.metrics["http.client.request.duration"].histogram.data_points
    }
    assert durations["nightly", "POST", "/api/users/bulkUpdate", 200] == (1, 0.4)
    assert len(durations) == 3


def test_nothing_personal_is_exported(collector: Collector) -> None:
    identities = [IdentityFacts(["ann@example.com", "user-7"], "users", "rejected", START, "invalidEmails")]
    export(News(START + SECOND, [stream(read=1)], requests(BULK), identities), news(stream(read=1)))
    sent = b"".join(body for _, body in collector.requests)
    assert b"users" in sent
    assert b"ann@example.com" not in sent
    assert b"user-7" not in sent


def test_the_standard_variables_name_the_service_the_headers_and_the_parent(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "sync")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test,service.version=7")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-token=secret")
    monkeypatch.setenv("TRACEPARENT", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
    export(news())
    (resource,) = collector.resources
    assert resource["service.name"] == "sync"
    assert resource["deployment.environment"] == "test"
    assert resource["service.version"] == "7"
    assert collector.headers["x-token"] == "secret"
    run = collector.spans["target-iterable run"]
    assert run.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert run.parent_span_id.hex() == "b7ad6b7169203331"


def test_without_a_name_the_service_is_the_plugin(collector: Collector) -> None:
    export(news())
    (resource,) = collector.resources
    assert (resource["service.name"], resource["service.version"]) == ("target-iterable", "1.0")


@pytest.mark.parametrize(
    ("environment", "signals"),
    [
        ({}, []),
        (ENDPOINT, ["traces", "metrics"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, ["traces"]),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}, ["metrics"]),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, ["metrics"]),
        (ENDPOINT | {"OTEL_METRICS_EXPORTER": "none"}, ["traces"]),
        (ENDPOINT | {"OTEL_TRACES_EXPORTER": "console"}, ["metrics"]),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "true"}, []),
        (ENDPOINT | {"OTEL_SDK_DISABLED": "false"}, ["traces", "metrics"]),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, []),
    ],
)
def test_only_the_standard_variables_turn_it_on(environment: dict[str, str], signals: list[str]) -> None:
    assert [export.signal for export in wanted_exports(environment)] == signals


def test_values_that_are_not_heeded_are_named() -> None:
    assert problems(ENDPOINT) == []
    assert problems({"OTEL_TRACES_EXPORTER": "console", "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}) == [
        "OTEL_TRACES_EXPORTER names 'console', which is left out: it can be otlp or none.",
        "OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json': it can be http/protobuf or grpc.",
    ]


def test_a_protocol_whose_package_is_missing_costs_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    export(news(), environment=ENDPOINT | {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert "OTEL_EXPORTER_OTLP_PROTOCOL wants a package that is not installed (otlp_proto_grpc)" in caplog.text


def test_a_plugin_does_not_import_opentelemetry_to_find_out() -> None:
    command = (
        "import sys, iterable_runs.telemetry.observer, iterable_runs.telemetry.activation as it; "
        "it.wanted_exports({}); print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout
    assert "opentelemetry.sdk" not in loaded


def test_a_collector_that_is_away_costs_one_warning_and_a_bounded_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    began = time.monotonic()
    export(*a_run(), seconds=2)
    assert time.monotonic() - began < 30
    warnings = [record.getMessage() for record in caplog.records]
    assert 1 <= len(warnings) <= 2
    assert all("could not" in warning and "exported" in warning for warning in warnings)


def test_a_collector_that_refuses_costs_one_warning_and_no_log_shows_its_address(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{collector.url}/t0k3n")
    collector.status = 401
    export(*a_run())
    assert {path for path, _ in collector.requests} == {"/t0k3n/v1/traces", "/t0k3n/v1/metrics"}
    (warning,) = (record for record in caplog.records if record.levelno >= logging.WARNING)
    assert "Traces and metrics of the run could not all be exported" in warning.getMessage()
    assert "t0k3n" not in caplog.text
    requests_lib.get(f"{collector.url}/ours", timeout=60)
    assert "/ours" in caplog.text  # what other threads ask for is in the log, as ever


def test_a_collector_that_never_answers_does_not_hold_the_process(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    server.after = lambda _: Answer(fault=silence)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
    began = time.monotonic()
    export(*a_run(), seconds=1)
    assert time.monotonic() - began < 30
    assert "could not be exported within 1 seconds" in caplog.text
