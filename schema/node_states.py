"""Where the nodes of an execution stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry
from strawberry import ID

from engine import records
from engine.status import NodeStatus
from schema.events import ExecutionError
from schema.node import Node
from schema.scalars import JSON
from schema.view import of_row


@dataclass(frozen=True, slots=True)
class ShownNodeState:
    """A node's state as the log tells it; values are as they are stored, by port."""

    node_id: str
    status: NodeStatus
    attempt: int
    inputs: Mapping[str, Any] | None
    outputs: Mapping[str, Any] | None
    error: records.ExecutionError | None
    started_at: datetime | None
    completed_at: datetime | None


@strawberry.type(description="Where one node of an execution stands.")
class NodeState(Node):
    execution_id: strawberry.Private[str]
    row: strawberry.Private[ShownNodeState]

    node_id: ID = of_row("node_id", "The node's id in the flow document.")
    status: NodeStatus = of_row("status", "Where it stands.")
    attempt: int = of_row(
        "attempt", "The latest attempt, from 1; 0 if there was none, as of a node that a fork took over."
    )
    inputs: JSON | None = of_row("inputs", "The values that the latest attempt began with, by port.")
    outputs: JSON | None = of_row("outputs", "The values of the output ports that have resolved.")
    error: ExecutionError | None = of_row("error", "Why the latest attempt failed.")
    started_at: datetime | None = of_row("started_at", "When the latest attempt began.")
    completed_at: datetime | None = of_row("completed_at", "When the node ended.")

    @property
    def global_id(self) -> str:
        return f"{self.execution_id}:{self.row.node_id}"


@strawberry.type(description="How many nodes have one status.")
class NodeStatusCount:
    status: NodeStatus = strawberry.field(description="The status.")
    count: int = strawberry.field(description="How many nodes have it; never 0.")
