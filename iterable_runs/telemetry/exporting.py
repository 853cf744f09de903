"""Providers of traces and metrics, by the standard environment variables."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Any, Final

from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from iterable_runs.store.facts import RunStart
from iterable_runs.telemetry.activation import Export

_QUEUE_VARIABLE: Final = "OTEL_BSP_MAX_QUEUE_SIZE"
_QUEUE_SIZE: Final = 20_000
"""Unless the variable says otherwise: a snapshot may hold some thousand requests. A run notes no more of them."""


class ExporterMissingError(Exception):
    """The package of an exporter is not installed."""


def resource_of(run: RunStart) -> Resource:
    """The resource: the plugin as service, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say otherwise."""
    service = Resource({"service.name": run.plugin, "service.version": run.version, "host.name": run.host})
    return Resource.create().merge(service).merge(OTELResourceDetector().detect())


def tracer_provider(resource: Resource, export: Export) -> TracerProvider:
    """A provider of spans, which are exported by a thread.

    Raises:
        ExporterMissingError: if there is no exporter.
    """
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    size = None if _QUEUE_VARIABLE in os.environ else _QUEUE_SIZE
    provider.add_span_processor(BatchSpanProcessor(_exporter("opentelemetry_traces_exporter", export), size))
    return provider


def meter_provider(resource: Resource, export: Export) -> MeterProvider:
    """A provider of metrics, which are exported by a thread.

    Raises:
        ExporterMissingError: if there is no exporter.
    """
    reader = PeriodicExportingMetricReader(_exporter("opentelemetry_metrics_exporter", export))
    return MeterProvider([reader], resource, shutdown_on_exit=False)


def parent_of(environment: Mapping[str, str]) -> Context:
    """The span that has started this process, of TRACEPARENT and TRACESTATE."""
    names = ("traceparent", "tracestate")
    headers = {name: environment[name.upper()] for name in names if environment.get(name.upper())}
    return TraceContextTextMapPropagator().extract(headers, Context())


def _exporter(group: str, export: Export) -> Any:
    for found in entry_points(group=group, name=export.entry_point):
        return found.load()()
    raise ExporterMissingError(export.entry_point)
