"""Whether the standard environment variables of OpenTelemetry ask for traces and metrics, without importing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Final, Literal, NamedTuple, TypeAlias

Signal: TypeAlias = Literal["traces", "metrics"]

_SIGNALS: Final[tuple[Signal, ...]] = ("traces", "metrics")
_OTLP: Final = "otlp"
_DEFAULT_PROTOCOL: Final = "http/protobuf"
_ENTRY_POINTS: Final[Mapping[str, str]] = {_DEFAULT_PROTOCOL: "otlp_proto_http", "grpc": "otlp_proto_grpc"}
"""Protocol -> the name that OpenTelemetry's packages give to their exporter."""


class Export(NamedTuple):
    """A signal that is exported, and the entry point of its exporter."""

    signal: Signal
    entry_point: str


def wanted_exports(environment: Mapping[str, str]) -> list[Export]:
    """The signals to export; none if no variable asks for it, or if the packages are not installed."""
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or not _is_installed():
        return []
    return [Export(signal, _entry_point(environment, signal)) for signal in _SIGNALS if _is_wanted(environment, signal)]


def problems(environment: Mapping[str, str]) -> list[str]:
    """Warnings about values that are not heeded, each with its variable."""
    return [*dict.fromkeys(problem for signal in _SIGNALS for problem in _problems(environment, signal))]


def _problems(environment: Mapping[str, str], signal: Signal) -> Iterator[str]:
    variable = f"OTEL_{signal.upper()}_EXPORTER"
    for name in _names(environment.get(variable, "")):
        if name not in (_OTLP, "none"):
            # The exporter `console` would write between the messages on standard output.
            yield f"{variable} names {name!r}, which is left out: it can be otlp or none."
    protocol = _value(environment, signal, "PROTOCOL")
    if protocol and protocol not in _ENTRY_POINTS:
        yield f"OTEL_EXPORTER_OTLP_PROTOCOL is {protocol!r}: it can be {' or '.join(_ENTRY_POINTS)}."


def _is_installed() -> bool:
    return find_spec("opentelemetry") is not None and find_spec("opentelemetry.sdk") is not None


def _is_wanted(environment: Mapping[str, str], signal: Signal) -> bool:
    exporters = _names(environment.get(f"OTEL_{signal.upper()}_EXPORTER", ""))
    if exporters:
        return _OTLP in exporters
    return bool(_value(environment, signal, "ENDPOINT"))


def _entry_point(environment: Mapping[str, str], signal: Signal) -> str:
    return _ENTRY_POINTS.get(_value(environment, signal, "PROTOCOL") or _DEFAULT_PROTOCOL, "otlp_proto_http")


def _value(environment: Mapping[str, str], signal: Signal, name: str) -> str:
    """The value of a variable of a signal, else of the one for all signals."""
    own = environment.get(f"OTEL_EXPORTER_OTLP_{signal.upper()}_{name}", "").strip()
    return own or environment.get(f"OTEL_EXPORTER_OTLP_{name}", "").strip()


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
