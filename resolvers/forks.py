"""The mutations that make an execution of what another one has completed."""

from dataclasses import asdict, replace
from typing import Annotated

import strawberry

from resolvers.context import Context, Info
from resolvers.creation import check_key, digest
from resolvers.forking import Fork, fork_of, retry_of
from schema.arguments import ExecutionId
from schema.executions import Execution
from schema.inputs import NewFork
from schema.outcomes import ForkExecutionPayload, RetryExecutionPayload
from schema.selection import FIRST_INDEX
from storage.execution_rows import ExecutionRow
from storage.executions import repeated_execution
from storage.forks import create_fork
from storage.transaction import transaction

Key = Annotated[
    str | None,
    strawberry.argument(description="A repeated call with the same key and arguments gives the same execution."),
]


async def retry_execution(info: Info, execution_id: ExecutionId, idempotency_key: Key = None) -> RetryExecutionPayload:
    """Make a new root execution that takes over what completed in one that FAILED or was STOPPED, and runs the rest:
    what failed, was cancelled or never ran, and all that hangs on that. It starts at once; its log, read from index -1,
    tells all. One that COMPLETED can be retried too if a node failed there, or a child that ran for an event; elsewhere
    it is INVALID_STATE."""
    context, key = info.context, check_key(idempotency_key, "idempotencyKey")
    request = digest({"retryExecution": execution_id})
    if row := await _repeated(context, key, request):
        return RetryExecutionPayload(execution=Execution(row=row), created=False)
    fork = await retry_of(context, await context.asks.execution(execution_id))
    row, created = await _create(context, fork, key, request, starts=True)
    return RetryExecutionPayload(execution=Execution(row=row), created=created)


async def fork_execution(info: Info, input: NewFork) -> ForkExecutionPayload:
    """Make a new root execution that takes over what completed in another one, but for one node and all downstream of
    it, and runs the rest, with other port values or on another version if so wished. Inputs, options, integration
    data, labels and priority are those of the original; signals that no node had taken yet are not taken over."""
    context, key = info.context, check_key(input.idempotency_key)
    request = digest({"forkExecution": {**asdict(input), "idempotency_key": None}})
    if row := await _repeated(context, key, request):
        return ForkExecutionPayload(execution=Execution(row=row), created=False)
    fork = await fork_of(context, await context.asks.execution(input.execution_id), input)
    row, created = await _create(context, fork, key, request, starts=input.auto_start)
    return ForkExecutionPayload(execution=Execution(row=row), created=created)


async def _repeated(context: Context, key: str | None, request: str) -> ExecutionRow | None:
    if key is None:
        return None
    async with context.pool.acquire() as connection:
        return await repeated_execution(connection, context.viewer.id, key, request)


async def _create(
    context: Context, fork: Fork, key: str | None, request: str, *, starts: bool
) -> tuple[ExecutionRow, bool]:
    labels = await context.asks.labels(fork.row.root_id)
    new = replace(fork.execution(key, request if key else None, labels), starts=starts)
    async with transaction(context.pool) as connection:
        row, created = await create_fork(connection, new, fork.taken_over)
    if created:
        context.services.events.notify(row.id, FIRST_INDEX)
        context.services.doorbell.ring()
    return row, created
