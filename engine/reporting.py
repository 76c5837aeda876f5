"""What the end of an attempt is for `decide`."""

import random
from collections.abc import Sequence

from engine.attempt import AwaitingSignal, Outcome, Waiting, node_error, printable
from engine.commands import NodeAwaitsSignal, NodeCalls, NodeErred, NodeOutcome, NodeSucceeded, NodeWaits
from engine.entry import milliseconds
from engine.errors import NodeError
from engine.events import Calls
from engine.plan import PlanNode
from engine.records import ExecutionError
from engine.secret_use import SecretUse
from engine.spawns import Emit
from engine.status import NODE_CODES, ErrorCode


def outcome_command(
    node: PlanNode, attempt: int, outcome: Outcome, elapsed: float, emits: Sequence[Emit] = ()
) -> NodeOutcome:
    """Tell of an attempt that gave something after so many milliseconds, and of the events that it emitted."""
    match outcome:
        case dict():
            return NodeSucceeded(node.number, attempt, outcome, elapsed, emits)
        case Waiting(until, outputs):
            return NodeWaits(node.number, attempt, milliseconds(until), outputs)
        case AwaitingSignal(name, until):
            limit = None if until is None else milliseconds(until)
            return NodeAwaitsSignal(node.number, attempt, name, limit)
        case Calls():
            return NodeCalls(node.number, attempt, outcome)


def failure_command(
    node: PlanNode, attempt: int, error: BaseException, secrets: SecretUse, elapsed: float
) -> NodeOutcome:
    """Tell of an attempt that failed after so many milliseconds."""
    said = execution_error(node_error(error, secrets, node.node_type), node.id, secrets)
    return NodeErred(node.number, attempt, said, elapsed, random.random())


def elapsed_ms(began: float, ended: float) -> float:
    """The milliseconds between two times in seconds, as the log has them."""
    # Not by `round` to three places, which goes by way of the number's text.
    return round((ended - began) * 1_000_000) / 1000


def execution_error(error: NodeError, node_id: str, secrets: SecretUse) -> ExecutionError:
    """Turn what a node raised into what its events say; a subclass may have forgotten to call its parent."""
    return ExecutionError(
        code=_code(getattr(error, "failure_code", None)),
        message=printable(getattr(error, "message", None) or NodeError.__doc__, secrets=secrets),
        node_id=node_id,
        retryable=bool(getattr(error, "retryable", False)),
    )


def _code(code: object) -> ErrorCode:
    """The code that a node gave, if it is one that a node may give."""
    return ErrorCode(code) if isinstance(code, str) and code in NODE_CODES else ErrorCode.NODE
