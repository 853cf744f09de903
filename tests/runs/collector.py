"""An OpenTelemetry collector on 127.0.0.1, which keeps what arrives by OTLP over HTTP.

with Collector() as collector:
...                                       # with OTEL_EXPORTER_OTLP_ENDPOINT=collector.url
collector.spans["tap-iterable run"].trace_id  # the last span of this name
collector.counts("iterable.records")          # attributes -> number
"""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Attributes = tuple[tuple[str, Any], ...]


def attributes(pairs: Any) -> dict[str, Any]:
    """Attributes as a dictionary."""
    return {pair.key: _value(pair) for pair in pairs}


def _value(pair: KeyValue) -> Any:
    return getattr(pair.value, str(pair.value.WhichOneof("value")))


class Collector:
    """A collector.

    Attributes:
        status: what it answers.
        requests: bodies by path, in the order of their arrival.
        headers: those of the last request.
    """

    def __init__(self, status: int = 200) -> None:
        self.status = status
        self.requests: list[tuple[str, bytes]] = []
        self.headers: dict[str, str] = {}
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append((self.path, body))
                outer.headers = dict(self.headers)
                self.send_response(outer.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def resources(self) -> list[dict[str, Any]]:
        """The attributes of the resources of all spans."""
        return [attributes(part.resource.attributes) for request in self._traces() for part in request.resource_spans]

    @property
    def all_spans(self) -> list[Span]:
        """All spans."""
        return [
            span
            for request in self._traces()
            for part in request.resource_spans
            for scope in part.scope_spans
            for span in scope.spans
        ]

    @property
    def spans(self) -> dict[str, Span]:
        """Name -> the last span of this name."""
        return {span.name: span for span in self.all_spans}

    @property
    def metrics(self) -> dict[str, Metric]:
        """Name -> the metric as it was exported last."""
        found = [ExportMetricsServiceRequest.FromString(body) for path, body in self.requests if path == "/v1/metrics"]
        return {
            metric.name: metric
            for request in found
            for part in request.resource_metrics
            for scope in part.scope_metrics
            for metric in scope.metrics
        }

    def counts(self, name: str) -> dict[Attributes, int]:
        """Attributes of a counter, sorted -> its number."""
        points = self.metrics[name].sum.data_points
        return {tuple(sorted(attributes(point.attributes).items())): point.as_int for point in points}

    def _traces(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for path, body in self.requests if path == "/v1/traces"]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
