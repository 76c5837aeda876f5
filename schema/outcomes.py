"""What mutations give back."""

from collections.abc import Sequence

import strawberry
from strawberry import ID

from engine.problems import Problem
from schema.derive import output_of
from schema.executions import Execution
from schema.flows import Flow


@output_of(Problem)
class FlowProblem: ...


@strawberry.type(description="What is wrong with a flow document.")
class FlowValidation:
    valid: bool = strawberry.field(description="Whether it can be run.")
    problems: Sequence[Problem] = strawberry.field(
        description="Everything that is wrong with it.", graphql_type=list[FlowProblem]
    )


@strawberry.type(description="The outcome of createFlow.")
class CreateFlowPayload:
    flow: Flow = strawberry.field(description="The new flow.")


@strawberry.type(description="The outcome of updateFlow.")
class UpdateFlowPayload:
    flow: Flow = strawberry.field(description="The flow with its new version.")


@strawberry.type(description="The outcome of deleteFlow.")
class DeleteFlowPayload:
    deleted_id: ID = strawberry.field(description="The flow that is gone.")


@strawberry.type(description="The outcome of grantFlowAccess.")
class GrantFlowAccessPayload:
    flow: Flow = strawberry.field(description="The flow that the user may see now.")


@strawberry.type(description="The outcome of revokeFlowAccess.")
class RevokeFlowAccessPayload:
    flow: Flow = strawberry.field(description="The flow that the user was granted.")


@strawberry.type(description="The outcome of createExecution.")
class CreateExecutionPayload:
    execution: Execution = strawberry.field(description="The execution; its stream exists.")
    created: bool = strawberry.field(description="False if an earlier call with the same key made it.")


@strawberry.type(description="The outcome of startExecution.")
class StartExecutionPayload:
    execution: Execution = strawberry.field(description="The execution that was told to start.")


@strawberry.type(description="The outcome of pauseExecution.")
class PauseExecutionPayload:
    execution: Execution = strawberry.field(description="The execution that was told to pause.")


@strawberry.type(description="The outcome of resumeExecution.")
class ResumeExecutionPayload:
    execution: Execution = strawberry.field(description="The execution that was told to go on.")


@strawberry.type(description="The outcome of stopExecution.")
class StopExecutionPayload:
    execution: Execution = strawberry.field(description="The execution that was told to stop.")


@strawberry.type(description="The outcome of stepExecution.")
class StepExecutionPayload:
    execution: Execution = strawberry.field(description="The execution that may start one node.")


@strawberry.type(description="The outcome of setBreakpoints.")
class SetBreakpointsPayload:
    execution: Execution = strawberry.field(description="The execution that was given breakpoints.")


@strawberry.type(description="The outcome of sendSignal.")
class SendSignalPayload:
    execution: Execution = strawberry.field(description="The execution that the signal was sent to.")


@strawberry.type(description="The outcome of retryExecution.")
class RetryExecutionPayload:
    execution: Execution = strawberry.field(description="The new execution; its stream exists.")
    created: bool = strawberry.field(description="False if an earlier call with the same key made it.")


@strawberry.type(description="The outcome of forkExecution.")
class ForkExecutionPayload:
    execution: Execution = strawberry.field(description="The new execution; its stream exists.")
    created: bool = strawberry.field(description="False if an earlier call with the same key made it.")
