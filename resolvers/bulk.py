"""The mutations that tell many executions the same."""

from typing import Annotated, Any, TypeAlias

import strawberry

from engine.errors import BadUserInput
from engine.status import ExecutionCommand
from resolvers.commands import Reason, given_reason, tell
from resolvers.context import Context, Info
from resolvers.filters import wanted
from schema.bulk import BulkPayload, show_results
from schema.inputs import ExecutionFilter
from storage.bulk import Commanded, command_all
from storage.commands import Accepted

MOST_COMMANDED = 1_000

Which: TypeAlias = Annotated[ExecutionFilter, strawberry.argument(description="Only those that match.")]
Limit: TypeAlias = Annotated[int, strawberry.argument(description="How many at most: 1 to 1000.")]


async def stop_executions(info: Info, filter: Which, reason: Reason = None, limit: Limit = 100) -> BulkPayload:
    """End the newest root executions that match and have not ended, and all that they spawned.

    With `parentExecutionId` in the filter, the children of that execution in place of roots. Each is judged by itself,
    as by stopExecution. Repeat it until `hasMore` is false to reach all; `createdBefore` leaves out those to come.
    """
    return await _command(info.context, filter, limit, ExecutionCommand.STOP, given_reason(reason))


async def pause_executions(info: Info, filter: Which, reason: Reason = None, limit: Limit = 100) -> BulkPayload:
    """Pause the newest root executions that match and run, and all that they spawned.

    Each is judged by itself, as by pauseExecution; all else is as for stopExecutions.
    """
    return await _command(info.context, filter, limit, ExecutionCommand.PAUSE, given_reason(reason))


async def resume_executions(info: Info, filter: Which, limit: Limit = 100) -> BulkPayload:
    """Let the newest root executions that match and are paused go on, and all that they spawned.

    Each is judged by itself, as by resumeExecution; all else is as for stopExecutions.
    """
    return await _command(info.context, filter, limit, ExecutionCommand.RESUME)


async def _command(
    context: Context, filter: ExecutionFilter, limit: int, command: ExecutionCommand, payload: Any = None
) -> BulkPayload:
    _check_limit(limit)
    which = wanted(filter)
    if which is None:
        return BulkPayload(results=[], has_more=False)
    async with context.pool.acquire() as connection:
        commanded = await command_all(connection, context.viewer.reader, which, command, payload, limit=limit)
    _tell(context, commanded)
    return BulkPayload(results=show_results(commanded.verdicts), has_more=commanded.has_more)


def _check_limit(limit: int) -> None:
    if not 1 <= limit <= MOST_COMMANDED:
        raise BadUserInput(f"limit must be from 1 to {MOST_COMMANDED}, not {limit}.", field="limit")


def _tell(context: Context, commanded: Commanded) -> None:
    """Have the workers look at what was commanded."""
    for execution_id, verdict in commanded.verdicts.items():
        if isinstance(verdict, Accepted):
            tell(context, execution_id, verdict)
    context.asks.forget()
