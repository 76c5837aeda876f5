"""The query that says why something does not run."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated, NamedTuple

import strawberry
from strawberry import ID

from engine.errors import BadUserInput, NotFound
from engine.reasons import NotRunningReason, because, can_start, is_at_work, reasons
from engine.spelling import SHOWN, did_you_mean
from engine.state import State
from engine.status import ExecutionCommand, ExecutionStatus, NotRunningCode
from resolvers.context import Context, Info
from schema.arguments import ExecutionId
from schema.not_running import WhyNotRunning
from storage.execution_rows import ExecutionRow
from storage.places import PlaceInQueue, place_in_queue

OfNode = Annotated[ID | None, strawberry.argument(description="One of its nodes; null for the execution as a whole.")]
GOING = (ExecutionCommand.START, ExecutionCommand.RESUME, ExecutionCommand.STEP)


class Told(NamedTuple):
    """What the log of an execution tells: why it does not run, whether it could, and who paused it."""

    status: ExecutionStatus
    reasons: Sequence[NotRunningReason]
    is_at_work: bool
    is_paused_by_parent: bool


async def why_not_running(info: Info, execution_id: ExecutionId, node_id: OfNode = None) -> WhyNotRunning:
    """Why an execution, or one of its nodes, does not run right now: what it waits for, the root cause first."""
    context = info.context
    row = await context.asks.execution(execution_id)
    await _check_node(context, row, node_id)
    told = await context.services.snapshots.asked(row, partial(_tell, node_id=node_id))
    async with context.pool.acquire() as connection:
        place = await place_in_queue(connection, row.id)
    going = [command for command in await context.asks.pending_commands(row.id) if command in GOING]
    found = await _name_pauser(context, row, told)
    is_running = place.worker_id is not None and (told.is_at_work or bool(going) or _is_between(told, node_id))
    return WhyNotRunning(running=is_running, reasons=[] if is_running else _in_order(told, found, place, going))


async def _check_node(context: Context, row: ExecutionRow, node_id: str | None) -> None:
    plan = (await context.services.versions.get(row.flow_id, row.flow_version)).plan
    if node_id is not None and node_id not in plan.numbers:
        said = f"The flow has no node {node_id[:SHOWN]!r}.{did_you_mean(node_id, plan.numbers)}"
        raise BadUserInput(said, field="nodeId")


def _tell(state: State, node_id: str | None) -> Told:
    is_busy = is_at_work(state, node_id) or can_start(state, node_id)
    return Told(state.status, reasons(state, node_id), is_busy, state.paused_by_parent)


def _is_between(told: Told, node_id: str | None) -> bool:
    """Whether a running execution is just about to decide what comes next."""
    return node_id is None and told.status is ExecutionStatus.RUNNING and not told.reasons


async def _name_pauser(context: Context, row: ExecutionRow, told: Told) -> Sequence[NotRunningReason]:
    """The same reasons, of which a pause that came from above names the execution that was paused by itself."""
    if not told.is_paused_by_parent:
        return told.reasons
    try:
        above = await _paused_by_itself(context, row)
    except NotFound:
        # It is another one's, whom the viewer is to learn nothing of.
        return told.reasons
    pause = because(NotRunningCode.PAUSED, f"The execution {above} above it is paused.", execution_id=above)
    return [pause if each.code is NotRunningCode.PAUSED else each for each in told.reasons]


async def _paused_by_itself(context: Context, row: ExecutionRow) -> str:
    """The nearest execution above one that was not paused along with its parent; raises `NotFound`."""
    above, is_paused_along = row, True
    while is_paused_along and above.parent_id is not None:
        above = await context.asks.execution(above.parent_id)
        is_paused_along = await context.services.snapshots.asked(above, lambda state: state.paused_by_parent)
    return above.id


def _in_order(
    told: Told, found: Sequence[NotRunningReason], place: PlaceInQueue, going: Sequence[ExecutionCommand]
) -> list[NotRunningReason]:
    """What keeps workers from it comes first, wherever they have something to do."""
    kept = [each for each in found if not (going and each.code is NotRunningCode.NOT_STARTED)]
    is_wanted = told.status is ExecutionStatus.RUNNING or (bool(going) and not told.status.ended)
    return [place.reason, *kept] if place.reason and is_wanted else kept
