"""What mutations and filters take."""

from datetime import datetime
from typing import Annotated, TypeAlias

import strawberry
from strawberry import ID

from engine.labels import MOST_LABELS, NAME_LENGTH, VALUE_LENGTH
from engine.options import ExecutionOptions
from engine.status import ExecutionStatus
from schema.derive import input_of
from schema.scalars import JSON


@strawberry.input(description="A flow to be made.")
class CreateFlowInput:
    document: JSON = strawberry.field(description="The flow document, as an object.")


@strawberry.input(description="A new version of a flow.")
class UpdateFlowInput:
    id: ID = strawberry.field(description="The flow.")
    document: JSON = strawberry.field(description="The flow document, as an object.")
    expected_version: int | None = strawberry.field(
        default=None, description="The newest version that the caller knows; another one is a CONFLICT."
    )


@strawberry.input(description="The value of one input port.")
class PortValueInput:
    node_id: ID = strawberry.field(description="The node.")
    port: str = strawberry.field(description="Its input port, which no edge may lead to.")
    value: JSON | None = strawberry.field(default=None, description="The value; it beats a constant of the document.")


@strawberry.input(description="An event from outside.")
class ExternalEventInput:
    event_name: str = strawberry.field(description="Its name, which an event.listen of the flow has.")
    payload: JSON | None = strawberry.field(default=None, description="What the listeners are given.")


@strawberry.input(description="A label of an execution.")
class LabelInput:
    name: str = strawberry.field(
        description=f"A letter and up to {NAME_LENGTH - 1} letters, digits or any of `._/-`; of each name there is "
        "one label."
    )
    value: str = strawberry.field(description=f"Up to {VALUE_LENGTH} characters.")


@input_of(ExecutionOptions)
class ExecutionOptionsInput: ...


@strawberry.input(description="An execution to be made.")
class CreateExecutionInput:
    flow_id: ID = strawberry.field(description="The flow to run.")
    flow_version: int | None = strawberry.field(default=None, description="The version to run; by default the newest.")
    inputs: JSON | None = strawberry.field(default=None, description="The values by flow.input name, as an object.")
    port_values: list[PortValueInput] | None = strawberry.field(
        default=None, description="Values for unconnected input ports."
    )
    options: ExecutionOptionsInput | None = strawberry.field(default=None, description="How it is to be run.")
    integration: JSON | None = strawberry.field(default=None, description="Anything that the nodes should know.")
    events: list[ExternalEventInput] | None = strawberry.field(
        default=None,
        description="Events to run the flow for: one child execution each, in place of an ordinary run.",
    )
    labels: list[LabelInput] | None = strawberry.field(
        default=None,
        description=f"What it and all that it spawns are to be found by; at most {MOST_LABELS}. They never change.",
    )
    priority: int = strawberry.field(default=0, description="The higher, the earlier it is run where room is short.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A repeated call with the same key and arguments gives the same execution."
    )
    auto_start: bool = strawberry.field(default=False, description="Whether it is started at once.")


@strawberry.input(
    description="A new execution to be made of another one, which may have ended or not: it takes over what completed "
    "there until now, but for one node and all that hangs on it, and runs the rest."
)
class ForkExecutionInput:
    execution_id: ID = strawberry.field(description="The execution to fork; a child's fork is a root.")
    from_node_id: ID = strawberry.field(
        description="The node to run again, with all that is downstream of it; of a group, with its members."
    )
    port_values: list[PortValueInput] | None = strawberry.field(
        default=None,
        description="Values for unconnected input ports of nodes that are not taken over; they beat those that the "
        "original was created with.",
    )
    flow_version: int | None = strawberry.field(
        default=None,
        description="The version to run; by default that of the original. On another one, nodes that are not the same "
        "there, or whose edges are not, run again with all that hangs on them.",
    )
    auto_start: bool = strawberry.field(default=False, description="Whether it is started at once.")
    idempotency_key: str | None = strawberry.field(
        default=None, description="A repeated call with the same key and arguments gives the same execution."
    )


@strawberry.input(description="Which executions are wanted; a field that is left out asks nothing.")
class ExecutionFilter:
    flow_id: ID | None = strawberry.field(default=None, description="Those of this flow.")
    statuses: list[ExecutionStatus] | None = strawberry.field(
        default=None, description="Those in one of these; none if it is empty."
    )
    created_after: datetime | None = strawberry.field(default=None, description="Those created then or later.")
    created_before: datetime | None = strawberry.field(default=None, description="Those created earlier.")
    has_error: bool | None = strawberry.field(default=None, description="Those with an error, or those without.")
    error_contains: str | None = strawberry.field(
        default=None, description="Those whose error message has this in it, in upper or lower case."
    )
    labels: list[LabelInput] | None = strawberry.field(default=None, description="Those that have all of these.")
    owner_id: ID | None = strawberry.field(default=None, description="Those of this owner.")
    parent_execution_id: ID | None = strawberry.field(
        default=None, description="Those that this execution spawned, in place of roots."
    )


NewFlow: TypeAlias = Annotated[CreateFlowInput, strawberry.argument(description="The flow to be made.")]
ChangedFlow: TypeAlias = Annotated[UpdateFlowInput, strawberry.argument(description="The flow's new version.")]
NewExecution: TypeAlias = Annotated[CreateExecutionInput, strawberry.argument(description="The execution to be made.")]
NewFork: TypeAlias = Annotated[ForkExecutionInput, strawberry.argument(description="The fork to be made.")]
