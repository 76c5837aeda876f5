"""The mutations that make executions and tell them what to do."""

from typing import Annotated, Any

import strawberry
from strawberry import ID

from engine.labels import check_text
from engine.status import ExecutionCommand
from resolvers.context import Context, Info
from resolvers.creation import check_breakpoints, new_execution, repeated
from resolvers.signals import check_signal
from schema.arguments import ExecutionId
from schema.executions import Execution
from schema.inputs import NewExecution
from schema.outcomes import (
    CreateExecutionPayload,
    PauseExecutionPayload,
    ResumeExecutionPayload,
    SendSignalPayload,
    SetBreakpointsPayload,
    StartExecutionPayload,
    StepExecutionPayload,
    StopExecutionPayload,
)
from schema.scalars import JSON
from schema.selection import FIRST_INDEX
from storage.access import Access
from storage.commands import Accepted, send_command
from storage.executions import ExecutionRow
from storage.executions import create_execution as store_execution
from storage.new_executions import NewExecution as Made
from storage.traces import CREATION, remember
from storage.tracing import span, tracer
from storage.transaction import transaction

REASON_LENGTH = 2_000

Reason = Annotated[
    str | None,
    strawberry.argument(description=f"Why, for people, in up to {REASON_LENGTH} characters; it shows in the event."),
]


def given_reason(reason: str | None) -> dict[str, str | None]:
    """What a command carries that has a reason; raises `BadUserInput`."""
    if reason is not None:
        check_text(reason, REASON_LENGTH, "reason")
    return {"reason": reason}


async def create_execution(info: Info, input: NewExecution) -> CreateExecutionPayload:
    """Make an execution; it waits for its start, and its stream exists at once."""
    context = info.context
    if row := await repeated(input, context.pool, context.viewer.id):
        return CreateExecutionPayload(execution=Execution(row=row), created=False)
    flow = await context.flow(input.flow_id, Access.OPERATE)
    number = flow.latest_version if input.flow_version is None else input.flow_version
    version = await context.services.versions.get(flow.id, number)
    new = new_execution(input, version, context.viewer.id)
    with span("create execution", execution_id=new.id, flow_id=flow.id):
        row, created = await _stored(context, new)
    if created:
        context.services.events.notify(row.id, FIRST_INDEX)
        context.services.doorbell.ring()
    return CreateExecutionPayload(execution=Execution(row=row), created=created)


async def _stored(context: Context, new: Made) -> tuple[ExecutionRow, bool]:
    """Make an execution, which takes one statement; with where it came from, if this process traces."""
    if (tracing := tracer()) is None:
        async with context.pool.acquire() as connection:
            return await store_execution(connection, new)
    async with transaction(context.pool) as connection:
        row, created = await store_execution(connection, new)
        if created:
            await remember(connection, [row.id], row.id, CREATION, tracing.current())
        return row, created


async def start_execution(info: Info, execution_id: ExecutionId) -> StartExecutionPayload:
    """Let a created execution go; accepted once, in status CREATED."""
    return StartExecutionPayload(execution=await _send(info.context, execution_id, ExecutionCommand.START))


async def stop_execution(info: Info, execution_id: ExecutionId, reason: Reason = None) -> StopExecutionPayload:
    """End an execution and all that it spawned; accepted until it has ended."""
    payload = given_reason(reason)
    return StopExecutionPayload(execution=await _send(info.context, execution_id, ExecutionCommand.STOP, payload))


async def pause_execution(info: Info, execution_id: ExecutionId, reason: Reason = None) -> PauseExecutionPayload:
    """Start no more nodes; those that run may finish. Accepted in status RUNNING."""
    payload = given_reason(reason)
    return PauseExecutionPayload(execution=await _send(info.context, execution_id, ExecutionCommand.PAUSE, payload))


async def resume_execution(info: Info, execution_id: ExecutionId) -> ResumeExecutionPayload:
    """Let a paused execution go on; accepted in status PAUSED."""
    return ResumeExecutionPayload(execution=await _send(info.context, execution_id, ExecutionCommand.RESUME))


async def step_execution(info: Info, execution_id: ExecutionId) -> StepExecutionPayload:
    """Let one node of a paused execution start: the first that is ready, or the next to become so. Refused while a
    thousand commands wait to be applied (RATE_LIMITED)."""
    return StepExecutionPayload(execution=await _send(info.context, execution_id, ExecutionCommand.STEP))


async def set_breakpoints(
    info: Info,
    execution_id: ExecutionId,
    node_ids: Annotated[list[ID], strawberry.argument(description="All nodes to stop before; empty for none.")],
) -> SetBreakpointsPayload:
    """Replace the nodes that the execution stops before. Accepted until it has ended, but not while a thousand commands
    wait to be applied (RATE_LIMITED)."""
    row = await info.context.execution(execution_id, Access.OPERATE)
    version = await info.context.services.versions.get(row.flow_id, row.flow_version)
    check_breakpoints(node_ids, version.document, "nodeIds")
    payload = {"nodeIds": list(dict.fromkeys(node_ids))}
    execution = await _send(info.context, execution_id, ExecutionCommand.SET_BREAKPOINTS, payload)
    return SetBreakpointsPayload(execution=execution)


async def send_signal(
    info: Info,
    execution_id: ExecutionId,
    name: Annotated[str, strawberry.argument(description="The name that a signal.wait of the flow has.")],
    payload: Annotated[JSON | None, strawberry.argument(description="What the waiting node is to give.")] = None,
) -> SendSignalPayload:
    """Send a signal: it wakes the oldest wait that it fits, or is kept for one to come. Accepted until the end, but not
    while a thousand commands wait to be applied (RATE_LIMITED)."""
    await check_signal(info.context, execution_id, name, payload)
    sent = {"name": name, "payload": payload}
    return SendSignalPayload(execution=await _send(info.context, execution_id, ExecutionCommand.SIGNAL, sent))


async def _send(context: Context, execution_id: str, command: ExecutionCommand, payload: Any = None) -> Execution:
    """Put a command into the mailbox of an execution that the viewer may operate, and have its worker look."""
    row = await context.execution(execution_id, Access.OPERATE)
    with span(f"send {command.value}", execution_id=execution_id):
        accepted = await _accepted(context, row, command, payload)
    tell(context, execution_id, accepted)
    context.asks.forget()
    return await context.asks.shown_execution(execution_id)


async def _accepted(context: Context, row: ExecutionRow, command: ExecutionCommand, payload: Any) -> Accepted:
    """Have a command accepted; with where it came from, if this process traces."""
    if (tracing := tracer()) is None:
        async with context.pool.acquire() as connection:
            return await send_command(connection, row.id, command, payload)
    async with transaction(context.pool) as connection:
        accepted = await send_command(connection, row.id, command, payload)
        await remember(connection, [row.id], row.root_id, accepted.seq, tracing.current())
        return accepted


def tell(context: Context, execution_id: str, accepted: Accepted) -> None:
    """Have the worker that holds an execution, or else some worker, look at a command that was accepted."""
    if accepted.is_held:
        context.services.commands.notify(execution_id, accepted.seq)
    else:
        context.services.doorbell.ring()
