"""How an execution is to be run."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from engine.records import Id
from engine.status import NodeFailurePolicy, RecordEvents

MAX_DURATION_MS = 2**31 - 1
Milliseconds = Annotated[int, Field(ge=1, le=MAX_DURATION_MS)]


class ExecutionOptions(BaseModel):
    """How an execution is to be run; durations are milliseconds."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    max_concurrency: int = Field(50, ge=1, le=10_000, description="How many nodes may run at once.")
    node_timeout_ms: Milliseconds = Field(
        3_600_000,
        description="How long one attempt of a node may take, where the node sets no limit of its own.",
    )
    flow_timeout_ms: Milliseconds = Field(10_800_000, description="How long nodes may run in all; waits do not count.")
    start_timeout_ms: Milliseconds = Field(300_000, description="How long the execution waits for its start.")
    on_node_failure: NodeFailurePolicy = Field(
        NodeFailurePolicy.FAIL, description="What a failure that no edge handles does to the flow."
    )
    on_child_failure: NodeFailurePolicy = Field(
        NodeFailurePolicy.CONTINUE, description="What the failure of a child does to its parent."
    )
    record_events: RecordEvents = Field(
        RecordEvents.NODES,
        description="How much is written to the log: NODES leaves out edges, node status changes and debug logs, FLOW "
        "also the pieces of streams that nothing reads.",
    )
    debug: bool = Field(False, description="Records everything, whatever recordEvents says.")
    breakpoints: list[Id] = Field(default_factory=list, description="The nodes to stop before.")
    max_children: int = Field(10_000, ge=0, le=1_000_000, description="How many descendants the root may have.")

    @property
    def recorded(self) -> RecordEvents:
        """What is recorded in effect."""
        return RecordEvents.ALL if self.debug else self.record_events
