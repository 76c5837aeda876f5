"""Whether this process traces."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import TidegateError
from storage.tracing import trace_with
from tidegate.settings import Settings


class NoOpenTelemetry(TidegateError):
    """OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install -e '.[otel]'."""


@contextmanager
def traced(settings: Settings, service: str) -> Iterator[None]:
    """Trace from entry to exit if the settings name a collector; raises `NoOpenTelemetry`."""
    if settings.otlp_endpoint is None:
        yield
        return
    try:
        from tidegate.telemetry import OpenTelemetry
    except ImportError:
        raise NoOpenTelemetry from None
    recording = OpenTelemetry(service)
    trace_with(recording)
    try:
        yield
    finally:
        trace_with(None)
        recording.close()
