"""What the members of a family say to each other: how an append of one changes the others."""

from collections.abc import Iterable

from engine.commands import ChildEnded, Command, Pause, Resume, Stop
from engine.events import FlowCancelled, FlowCompleted, FlowFailed, FlowPaused, FlowResumed
from engine.ledger import Append
from engine.options import ExecutionOptions
from engine.records import ExecutionError
from engine.spawns import Spawn
from engine.state import Setup
from engine.status import ErrorCode, ExecutionStatus


def words_to_children(append: Append) -> Iterable[Command]:
    """What a parent's append tells each of its children."""
    turns = [entry.event for entry in append.entries if entry.event.enters]
    match turns[-1:]:
        case [FlowFailed()]:
            yield Stop("The parent execution failed.")
        case [FlowCancelled() as end]:
            yield Stop(end.reason)
        case [FlowResumed()]:
            yield Resume(by_parent=True)
        case [turn] if turn.enters is ExecutionStatus.PAUSED:
            yield Pause(turn.reason if isinstance(turn, FlowPaused) else None, by_parent=True)


def report(child_id: str, append: Append) -> ChildEnded | None:
    """What a child's append tells its parent; None if the child has not ended with it."""
    match append.entries[-1].event if append.entries else None:
        case FlowCompleted() as end:
            return ChildEnded(child_id, end.outputs)
        case FlowFailed() as end:
            return ChildEnded(child_id, error=end.error)
        case FlowCancelled():
            return ChildEnded(child_id, error=ExecutionError(code=ErrorCode.CANCELLED, message="It was stopped."))
    return None


def child_setup(parent: Setup, spawn: Spawn, now: int) -> Setup:
    """What a child was created with: what its spawn does not say, it has from its parent."""
    return Setup(
        execution_id=spawn.child_id,
        created_at=now,
        options=child_options(parent.options, spawn),
        inputs=parent.inputs if spawn.inputs is None else spawn.inputs,
        port_values={} if spawn.flow else parent.port_values,
        root_execution_id=parent.root_execution_id or parent.execution_id,
        parent_execution_id=parent.execution_id,
        depth=parent.depth + 1,
        integration=parent.integration,
        event=spawn.event,
    )


def child_options(options: ExecutionOptions, spawn: Spawn) -> ExecutionOptions:
    """The options of a child."""
    return options.model_copy(update={"breakpoints": list(spawn.breakpoints)})
