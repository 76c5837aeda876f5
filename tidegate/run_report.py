"""How a run is told while it goes on."""

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol, TextIO

import orjson

from tidegate.event_stream import Batch


class Report(Protocol):
    """Tells a run; entered for as long as the run lasts."""

    def running(self) -> AbstractContextManager[None]:
        """Show the run from now until the context ends."""

    def created(self, execution_id: str) -> None:
        """The execution exists."""

    def batch(self, batch: Batch) -> None:
        """Events came in."""

    def dropped(self, reason: str) -> None:
        """The connection was lost and is made again."""

    def left(self, execution_id: str) -> None:
        """The user goes away before the end."""


def left_alone(execution_id: str) -> str:
    """What to tell a user who goes away before the end."""
    return f"The execution goes on at the server; see it with: tidegate events {execution_id} --follow"


class JsonLines:
    """Writes each event as one line of JSON, and nothing else."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout

    @contextmanager
    def running(self) -> Iterator[None]:
        """Nothing to set up."""
        yield

    def created(self, execution_id: str) -> None:
        """EXECUTION_CREATED says so."""

    def batch(self, batch: Batch) -> None:
        """Write the events at once, so that a reader of a pipe sees them live."""
        for event in batch.events:
            print(orjson.dumps(event).decode(), file=self._out)
        self._out.flush()

    def dropped(self, reason: str) -> None:
        """Whoever reads JSON has no use for this."""

    def left(self, execution_id: str) -> None:
        """Say how to come back, where it does not disturb the JSON."""
        print(left_alone(execution_id), file=sys.stderr)
