"""Says which input a failure is about."""

from collections.abc import Iterator
from contextlib import contextmanager

from engine.errors import NodeError


@contextmanager
def attributed(port: str) -> Iterator[None]:
    """Failures inside, of something that came in at this port, name the port."""
    try:
        yield
    except NodeError as error:
        message = f"Input '{port}': {error.message}"
        raise NodeError(message, retryable=error.retryable, code=error.failure_code) from None
