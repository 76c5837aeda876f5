"""Traces by OpenTelemetry, sent over OTLP/HTTP; imported only where that is asked for.

What is no setting of ours is one of OpenTelemetry's: OTEL_SERVICE_NAME, OTEL_TRACES_SAMPLER and so on.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from opentelemetry import context as contexts
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanKind, Status, StatusCode, get_current_span, set_span_in_context, use_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from storage.tracing import Attribute

EXPORT_SECONDS = 5
"""How long the collector may take; a process that ends waits no longer for it."""

_PROPAGATOR = TraceContextTextMapPropagator()
_HEADER = "traceparent"


class OpenTelemetry:
    """Records spans and sends them in batches from a thread of its own."""

    def __init__(self, service: str) -> None:
        resource = Resource({SERVICE_NAME: service}).merge(OTELResourceDetector().detect())
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=EXPORT_SECONDS)))
        self._tracer = self._provider.get_tracer("tidegate")

    def current(self) -> str:
        """The span that this task is in; empty if there is none."""
        return _traceparent(None)

    @contextmanager
    def span(
        self,
        name: str,
        *,
        parent: str | None = None,
        links: Sequence[str] = (),
        serves: bool = False,
        **attributes: Attribute,
    ) -> Iterator[None]:
        """A span from entry to exit; of what it raises only the kind is told."""
        opened = self._tracer.start_span(
            name,
            _context(parent) if parent else None,
            SpanKind.SERVER if serves else SpanKind.INTERNAL,
            _named(attributes),
            _links(links),
        )
        with use_span(opened, end_on_exit=True, record_exception=False, set_status_on_exception=False):
            try:
                yield
            except Exception as error:
                opened.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise

    @contextmanager
    def within(self, parent: str) -> Iterator[None]:
        """Be in somebody else's span from entry to exit."""
        token = contexts.attach(_context(parent))
        try:
            yield
        finally:
            contexts.detach(token)

    def record(
        self,
        name: str,
        start_ns: int,
        end_ns: int,
        *,
        parent: str,
        links: Sequence[str] = (),
        error: str | None = None,
        **attributes: Attribute,
    ) -> str:
        """A span that has ended."""
        ended = self._tracer.start_span(
            name, _context(parent), SpanKind.INTERNAL, _named(attributes), _links(links), start_time=start_ns
        )
        if error:
            ended.set_status(Status(StatusCode.ERROR, error))
        ended.end(max(start_ns, end_ns))
        return _traceparent(set_span_in_context(ended, Context()))

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


def _traceparent(context: Context | None) -> str:
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, context)
    return carrier.get(_HEADER, "")


def _context(traceparent: str) -> Context:
    return _PROPAGATOR.extract({_HEADER: traceparent}, Context())


def _links(traceparents: Sequence[str]) -> list[Link]:
    return [Link(get_current_span(_context(each)).get_span_context()) for each in traceparents]


def _named(attributes: Mapping[str, Attribute]) -> dict[str, str | int | float | bool]:
    return {f"tidegate.{name}": value for name, value in attributes.items() if value is not None}
