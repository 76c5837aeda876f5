"""Counting what operations are asked for, and what becomes of them."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from graphql import GraphQLError
from strawberry.types.graphql import OperationType

from engine.errors import TidegateError
from resolvers.metrics import OPERATION_SECONDS, OPERATIONS

OK, GONE, UNKNOWN = "ok", "gone", "unknown"


@dataclass(slots=True)
class Seen:
    """The errors of an operation's last result."""

    errors: Sequence[GraphQLError] = ()

    @property
    def outcome(self) -> str:
        """The code of the first error; codes are ours, so there are few."""
        return str((self.errors[0].extensions or {}).get("code")) if self.errors else OK


@contextmanager
def measured(type: OperationType | None) -> Iterator[Seen]:
    """Count an operation at its end, unless it raises, which says that it is dealt with elsewhere."""
    seen, began, name = Seen(), time.monotonic(), type.value if type else UNKNOWN
    try:
        yield seen
    except (GeneratorExit, asyncio.CancelledError):
        OPERATIONS.labels(name, GONE).inc()
        raise
    except Exception:
        if seen.errors:
            OPERATIONS.labels(name, seen.outcome).inc()
        raise
    OPERATIONS.labels(name, seen.outcome).inc()
    if type is not OperationType.SUBSCRIPTION:
        OPERATION_SECONDS.labels(name).observe(time.monotonic() - began)


def count_refused(error: TidegateError) -> None:
    """Count an operation that is refused before it is read."""
    OPERATIONS.labels(UNKNOWN, error.code).inc()
