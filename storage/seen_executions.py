"""An execution with what is shown beside it, as one read finds them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from engine.labels import Label
from engine.status import ExecutionCommand
from storage.access import Access, Reader, Seen
from storage.execution_rows import ExecutionRow, execution_row
from storage.flows import FlowRow
from storage.pool import Connection
from storage.queries import load

QUERIES = load("executions")

OF_FLOW = {f"flow.{field.name}": field.name for field in fields(FlowRow) if field.name not in ("id", "deleted_at")}
"""The columns that are the flow's; its id is the execution's, and a deleted one is not there."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is shown beside an execution: its flow, None if the reader sees none, the labels of its tree in the order in
    which they were given, and the commands that no worker has applied yet, accepted ones in order, then its parent's.
    """

    flow: Seen[FlowRow] | None
    labels: Sequence[Label]
    pending: Sequence[ExecutionCommand]


@dataclass(frozen=True, slots=True)
class SeenExecution(Seen[ExecutionRow]):
    """An execution that a reader may see, with what was beside it at that moment."""

    beside: Beside


async def seen_execution(connection: Connection, reader: Reader, execution_id: str) -> SeenExecution | None:
    """An execution, if it is there and the reader may see it."""
    record = await connection.fetchrow(QUERIES["seen_execution"], reader.user_id, reader.sees_all, execution_id)
    if record is None:
        return None
    columns = dict(record)
    beside = _beside(columns)
    access = Access(columns.pop("access"))
    return SeenExecution(execution_row(columns), access, beside)


def _beside(columns: dict[str, Any]) -> Beside:
    """Take what is not the execution's own out of the columns."""
    return Beside(
        flow=_flow(columns),
        labels=[Label(name, value) for name, value in columns.pop("labels")],
        pending=[ExecutionCommand(command) for command in columns.pop("pending")],
    )


def _flow(columns: dict[str, Any]) -> Seen[FlowRow] | None:
    flow = {name: columns.pop(column) for column, name in OF_FLOW.items()}
    access = columns.pop("flow.access")
    if access is None:
        return None
    return Seen(FlowRow(id=columns["flow_id"], deleted_at=None, **flow), Access(access))
