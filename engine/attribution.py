"""Says what a failure is about."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

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


def text_problems(constants: Mapping[str, Any], port: str, read: Callable[[str], object]) -> Mapping[str, str]:
    """What a node's `check` says about a constant text that `read` understands, or fails on with `NodeError`."""
    text = constants.get(port)
    if not isinstance(text, str):
        return {}
    try:
        read(text)
    except NodeError as error:
        return {port: error.message}
    return {}
