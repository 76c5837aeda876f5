"""The enums of the API: those of the engine, each value with its meaning."""

from collections.abc import Mapping
from enum import StrEnum
from inspect import getdoc
from typing import TYPE_CHECKING

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from engine import events
from engine.catch_up import CatchUpPolicy
from engine.ports import PortKind
from engine.problems import FlowProblemCode
from engine.status import (
    ErrorCode,
    ExecutionCommand,
    ExecutionStatus,
    NodeFailurePolicy,
    NodeStatus,
    NotRunningCode,
    RecordEvents,
)
from storage.access import FlowRole

if TYPE_CHECKING:
    ExecutionEventType = StrEnum
else:
    ExecutionEventType = events.ExecutionEventType

MEANINGS: Mapping[type[StrEnum], Mapping[str, str]] = {
    ExecutionStatus: {
        "CREATED": "It waits for its start.",
        "RUNNING": "Its nodes run as they become ready.",
        "PAUSED": "No node starts until it is resumed or stepped.",
        "COMPLETED": "It ended well; its outputs are there.",
        "FAILED": "It ended with an error.",
        "STOPPED": "It was stopped before its end.",
    },
    NodeStatus: {
        "IDLE": "It waits for its inputs.",
        "READY": "It may start as soon as there is room.",
        "EXECUTING": "An attempt is running.",
        "WAITING": "It waits for a time, a signal, its children or its next attempt, and holds no worker.",
        "COMPLETED": "It ended well; its outputs are there.",
        "FAILED": "Its last attempt failed.",
        "SKIPPED": "It will not run, because what it waits for cannot come.",
    },
    ExecutionCommand: {
        "START": "Begin to run.",
        "PAUSE": "Let no further node start.",
        "RESUME": "Go on after a pause.",
        "STEP": "Let one node start while paused.",
        "STOP": "End now, with all children.",
        "SET_BREAKPOINTS": "Replace the breakpoints.",
        "SIGNAL": "Hand a signal to a waiting node.",
    },
    NodeFailurePolicy: {
        "FAIL": "The flow fails, and what runs is cancelled.",
        "CONTINUE": "The rest of the flow goes on.",
    },
    RecordEvents: {
        "ALL": "Every event is written.",
        "NODES": "Edges, node status changes and debug logs are left out.",
        "FLOW": "As NODES, and pieces of streams that nothing reads are left out too.",
    },
    ErrorCode: {
        "NODE": "The node itself failed.",
        "TIMEOUT": "It took longer than its limit.",
        "INPUT": "A value does not fit the port that it came to.",
        "TRANSFER": "A value could not be carried along an edge.",
        "CANCELLED": "It was cancelled because the execution ended.",
        "START_TIMEOUT": "The execution was not started in time.",
        "DEPTH": "The tree of executions is too deep.",
        "BUDGET": "The tree has more executions than it may have.",
        "PAYLOAD": "A value cannot be stored.",
        "CRASH": "It killed every process that ran it, or an internal error ended it.",
    },
    CatchUpPolicy: {
        "SKIP": "They are left out.",
        "LATEST": "The last of them is made up for.",
        "ALL": "Each of them is made up for, in order, up to 1000.",
    },
    NotRunningCode: {
        "NOT_STARTED": "The execution waits for its start.",
        "PAUSED": "The execution, or one above it, is paused.",
        "BREAKPOINT": "A breakpoint stopped the execution before a node.",
        "WAITING_FOR_PORT": "A port waits for what another node is to give.",
        "SOURCE_FAILED": "A node failed from which something was to come.",
        "SOURCE_SKIPPED": "A node was skipped, or gave nothing, from which something was to come.",
        "WAITING_FOR_SIGNAL": "A node waits for a signal.",
        "WAITING_FOR_TIMER": "A node waits for its time or its next attempt.",
        "WAITING_FOR_CHILDREN": "Child executions have not ended.",
        "CONCURRENCY_LIMIT": "As many run as may: nodes of the execution, or executions of its owner or flow.",
        "QUEUED": "It waits for a place at a worker.",
        "NO_WORKER": "No worker is alive.",
        "NO_CAPABLE_WORKER": "No worker that is alive can run it.",
        "ENDED": "It has ended.",
    },
    FlowProblemCode: {
        "UNKNOWN_KEY": "There is no such key.",
        "UNKNOWN_TYPE": "There is no such node type.",
        "UNKNOWN_PORT": "The node has no such port.",
        "UNKNOWN_NODE": "There is no such node in the document.",
        "DUPLICATE_ID": "Two nodes have the same id.",
        "INVALID_ID": "The id or port reference is not well formed.",
        "CYCLE": "Nodes wait for each other.",
        "TYPE_MISMATCH": "An edge joins ports whose kinds do not fit.",
        "MISSING_INPUT": "A required input has neither an edge nor a constant.",
        "INVALID_VALUE": "The value does not fit.",
        "MULTIPLE_SOURCES": "More edges come to a port than it takes.",
        "UNSUPPORTED_FORMAT": "The document has a format that this version does not know.",
    },
    PortKind: {
        "STRING": "Text.",
        "NUMBER": "An integer or a float.",
        "BOOLEAN": "True or false.",
        "ARRAY": "A list of values.",
        "OBJECT": "Values by key.",
        "ENUM": "One text out of a fixed list.",
        "STREAM": "Pieces that come one after another.",
        "SECRET": "A reference to a secret; never the secret itself.",
        "ANY": "Any value.",
    },
    FlowRole: {
        "VIEWER": "See the flow, its versions and all its executions.",
        "OPERATOR": "Also create executions of it, and command those of everybody.",
    },
    events.ExecutionEventType: {kind: getdoc(declared) or "" for kind, declared in events.EVENT_TYPES.items()},
}


def _register(enum: type[StrEnum], meanings: Mapping[str, str]) -> None:
    strawberry.enum(enum, description=getdoc(enum))
    definition: StrawberryEnumDefinition = vars(enum)["__strawberry_definition__"]
    for value in definition.values:
        value.description = meanings[value.name]


for _enum, _meanings in MEANINGS.items():
    _register(_enum, _meanings)
