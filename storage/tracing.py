"""The seam between what is traced and what records it.

Nothing here knows OpenTelemetry: a process that is to trace puts a `Tracer` in place (`tidegate/telemetry.py`), and in
any other `tracer()` is None and nothing is done. Attributes are ids, types, counts and codes; never what flows work on.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

Attribute = str | int | float | bool | None
"""None leaves it out."""


class Tracer(Protocol):
    """Records spans; a parent and links are W3C's `traceparent`."""

    def current(self) -> str:
        """The span that this task is in."""

    def span(
        self,
        name: str,
        *,
        parent: str | None = None,
        links: Sequence[str] = (),
        serves: bool = False,
        **attributes: Attribute,
    ) -> AbstractContextManager[None]:
        """A span from entry to exit, in the parent or else in the current one; `serves` if somebody outside asked."""

    def within(self, parent: str) -> AbstractContextManager[None]:
        """Be in somebody else's span from entry to exit."""

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
        """A span that has ended, in nanoseconds since 1970; `error` is a code. Gives its own `traceparent`."""


_tracer: Tracer | None = None


def tracer() -> Tracer | None:
    """What records the spans of this process; None if it does not trace."""
    return _tracer


def trace_with(tracer: Tracer | None) -> None:
    """Have the spans of this process recorded from now on, or not any more."""
    global _tracer
    _tracer = tracer


def span(name: str, **attributes: str) -> AbstractContextManager[None]:
    """A span in the current one, if this process traces."""
    if _tracer is None:
        return nullcontext()
    return _tracer.span(name, parent=None, links=(), serves=False, **attributes)
