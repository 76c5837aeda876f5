"""The states of executions and nodes, and the codes of failures."""

from enum import StrEnum


class ExecutionStatus(StrEnum):
    """Where an execution stands; it changes only by an event of its log."""

    CREATED = "CREATED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    STOPPED = "STOPPED"

    @property
    def ended(self) -> bool:
        """True for the three statuses that nothing leaves."""
        return self in ENDED_STATUSES


CREATED, RUNNING, PAUSED = ExecutionStatus.CREATED, ExecutionStatus.RUNNING, ExecutionStatus.PAUSED
"""Names of their own for what is compared at every event: the members of an enum take longer to look up."""

ENDED_STATUSES = frozenset({ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.STOPPED})


class NodeStatus(StrEnum):
    """Where a node of an execution stands."""

    IDLE = "IDLE"
    READY = "READY"
    EXECUTING = "EXECUTING"
    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"

    @property
    def ended(self) -> bool:
        """True when the node will not run again in this execution."""
        return self in ENDED_NODE_STATUSES


IDLE, READY, EXECUTING, WAITING = NodeStatus.IDLE, NodeStatus.READY, NodeStatus.EXECUTING, NodeStatus.WAITING

ENDED_NODE_STATUSES = frozenset({NodeStatus.COMPLETED, NodeStatus.FAILED, NodeStatus.SKIPPED})


class ErrorCode(StrEnum):
    """Why a node or an execution failed."""

    NODE = "NODE"
    TIMEOUT = "TIMEOUT"
    INPUT = "INPUT"
    TRANSFER = "TRANSFER"
    CANCELLED = "CANCELLED"
    START_TIMEOUT = "START_TIMEOUT"
    DEPTH = "DEPTH"
    BUDGET = "BUDGET"
    PAYLOAD = "PAYLOAD"
    CRASH = "CRASH"


NODE_CODES = frozenset({ErrorCode.NODE, ErrorCode.TIMEOUT, ErrorCode.INPUT, ErrorCode.TRANSFER, ErrorCode.PAYLOAD})
"""The codes that a node may give its failure; the others say what the engine did."""


class NodeFailurePolicy(StrEnum):
    """What an unhandled failure does to the flow: FAIL ends it, CONTINUE lets the rest go on."""

    FAIL = "FAIL"
    CONTINUE = "CONTINUE"


class RecordEvents(StrEnum):
    """How much of a run is written to its log."""

    ALL = "ALL"
    NODES = "NODES"
    FLOW = "FLOW"


class ExecutionCommand(StrEnum):
    """What a client may ask of an execution; kept in its mailbox until a worker has applied it."""

    START = "START"
    PAUSE = "PAUSE"
    RESUME = "RESUME"
    STEP = "STEP"
    STOP = "STOP"
    SET_BREAKPOINTS = "SET_BREAKPOINTS"
    SIGNAL = "SIGNAL"


class JoinMode(StrEnum):
    """When a node with several connected inputs runs: with all resolved, or with the first."""

    ALL = "all"
    ANY = "any"


class NotRunningCode(StrEnum):
    """What keeps an execution or a node from running."""

    NOT_STARTED = "NOT_STARTED"
    PAUSED = "PAUSED"
    BREAKPOINT = "BREAKPOINT"
    WAITING_FOR_PORT = "WAITING_FOR_PORT"
    SOURCE_FAILED = "SOURCE_FAILED"
    SOURCE_SKIPPED = "SOURCE_SKIPPED"
    WAITING_FOR_SIGNAL = "WAITING_FOR_SIGNAL"
    WAITING_FOR_TIMER = "WAITING_FOR_TIMER"
    WAITING_FOR_CHILDREN = "WAITING_FOR_CHILDREN"
    CONCURRENCY_LIMIT = "CONCURRENCY_LIMIT"
    QUEUED = "QUEUED"
    NO_WORKER = "NO_WORKER"
    NO_CAPABLE_WORKER = "NO_CAPABLE_WORKER"
    ENDED = "ENDED"
