"""An execution as its row and its head say."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import asyncpg
import orjson

from engine.options import ExecutionOptions
from engine.records import ExecutionError
from engine.status import ExecutionStatus


@dataclass(frozen=True, slots=True)
class ExecutionRow:
    """An execution; `outputs` is None until it is COMPLETED, large values are references (`{"$payload": …}`).

    `port_values` is a list of `{"nodeId", "port", "value"}`, `external_events` one of `{"eventName", "payload"}`;
    `worker_id` and `claimed_at` speak of the worker that holds it now, `flow_owner_id` is set
    for a root of somebody else's flow.
    """

    id: str
    flow_id: str
    flow_version: int
    owner_id: str
    status: ExecutionStatus
    root_id: str
    parent_id: str | None
    depth: int
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    inputs: dict[str, Any]
    port_values: list[dict[str, Any]]
    outputs: dict[str, Any] | None
    error: ExecutionError | None
    failed_node_count: int
    options: ExecutionOptions
    integration: Any
    external_events: list[dict[str, Any]]
    priority: int
    idempotency_key: str | None
    request_digest: str | None
    failure_count: int
    last_failure_reason: str | None
    last_failure_at: datetime | None
    spawned_by: str | None
    spawn_key: str | None
    log_format: int
    flow_owner_id: str | None
    forked_from_id: str | None
    runs_event: bool
    last_index: int
    worker_id: str | None
    claimed_at: datetime | None


OPTIONS_KEPT = 256
"""How many different options are kept parsed; nearly all executions have the same few."""

_options = lru_cache(OPTIONS_KEPT)(ExecutionOptions.model_validate_json)

JSON_COLUMNS = ("inputs", "port_values", "outputs", "integration", "external_events")


def execution_row(record: asyncpg.Record | Mapping[str, Any]) -> ExecutionRow:
    """Parse a record of the columns of `executions` with the head's `last_index` … and its `appended_at`.

    The outcome is there for indexes, and says nothing that the status does not.
    """
    columns: dict[str, Any] = dict(record)
    del columns["outcome"]
    columns["updated_at"] = max(columns["updated_at"], columns.pop("appended_at"))
    for name in JSON_COLUMNS:
        columns[name] = columns[name] and orjson.loads(columns[name])
    columns["status"] = ExecutionStatus(columns["status"])
    columns["options"] = _options(columns["options"])
    columns["error"] = columns["error"] and ExecutionError.model_validate_json(columns["error"])
    return ExecutionRow(**columns)
