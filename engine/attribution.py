"""Says what a failure is about."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from engine.errors import NodeError


@contextmanager
def located(place: str) -> Iterator[None]:
    """Failures inside begin with this place."""
    try:
        yield
    except NodeError as error:
        message = f"{place}: {error.message}"
        raise NodeError(message, retryable=error.retryable, code=error.failure_code) from None


def attributed(port: str) -> AbstractContextManager[None]:
    """Failures inside, of something that came in at this port, name the port."""
    return located(f"Input '{port}'")
