"""What is known of a run from the events so far."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tidegate.control_lines import waits_for
from tidegate.event_stream import Event

SAID_LENGTH = 30
"""As much as there is room for on a terminal of 80 columns."""


@dataclass(slots=True)
class Busy:
    """A node that is running or waiting, and for what; `since` is in seconds of `Figures.clock`.

    `said` is the end of what it has written to its stream, if that is text.
    """

    node_type: str
    since: float
    waiting: bool = False
    waits: str = ""
    said: str = ""


@dataclass(slots=True)
class Figures:
    """Counts of a run: `total` nodes, how many of them have ended and how, which are busy; the children so far."""

    total: int
    clock: Callable[[], float] = time.monotonic
    completed: int = 0
    failed: int = 0
    skipped: int = 0
    children: int = 0
    children_ended: int = 0
    busy: dict[str, Busy] = field(default_factory=dict)
    outputs: Mapping[str, Any] | None = None
    error: Mapping[str, Any] | None = None
    execution_time: float | None = None

    @property
    def ended(self) -> int:
        """How many nodes have ended."""
        return self.completed + self.failed + self.skipped

    def take(self, event: Event) -> None:
        """Count an event in."""
        kind, data = event["type"], event["data"]
        if kind in ("NODE_STARTED", "NODE_WAITING", "NODE_RETRYING"):
            self._begin(kind, data)
        elif kind == "NODE_OUTPUT_CHUNK":
            self._say(data)
        elif kind in ("NODE_COMPLETED", "NODE_FAILED", "NODE_SKIPPED"):
            self._end(kind, data)
        elif kind in ("CHILD_EXECUTION_SPAWNED", "CHILD_EXECUTION_COMPLETED", "CHILD_EXECUTION_FAILED"):
            self.children += kind == "CHILD_EXECUTION_SPAWNED"
            self.children_ended += kind != "CHILD_EXECUTION_SPAWNED"
        elif kind in ("FLOW_COMPLETED", "FLOW_FAILED", "FLOW_CANCELLED"):
            self._finish(data)

    def _begin(self, kind: str, data: Mapping[str, Any]) -> None:
        busy = self.busy.setdefault(data["nodeId"], Busy(data["nodeType"], self.clock()))
        busy.waiting = kind != "NODE_STARTED"
        busy.waits = waits_for(data) if kind == "NODE_WAITING" else ""

    def _say(self, data: Mapping[str, Any]) -> None:
        busy = self.busy.get(data["nodeId"])
        if busy and all(isinstance(piece, str) for piece in data["chunk"]):
            before = busy.said if data["sequence"] else ""
            busy.said = "".join([before, *data["chunk"]])[-SAID_LENGTH:]

    def _end(self, kind: str, data: Mapping[str, Any]) -> None:
        self.busy.pop(data["nodeId"], None)
        self.completed += kind == "NODE_COMPLETED"
        self.failed += kind == "NODE_FAILED"
        self.skipped += kind == "NODE_SKIPPED"

    def _finish(self, data: Mapping[str, Any]) -> None:
        self.busy.clear()
        self.execution_time = data["executionTime"]
        self.outputs = data.get("outputs")
        self.error = data.get("error")
