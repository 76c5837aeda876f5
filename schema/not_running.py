"""Why something does not run."""

from collections.abc import Sequence

import strawberry

from engine.reasons import NotRunningReason as Reason
from schema.derive import output_of


@output_of(Reason)
class NotRunningReason: ...


@strawberry.type(description="Whether an execution or a node runs, and if not, why.")
class WhyNotRunning:
    running: bool = strawberry.field(description="Whether a worker runs it, or is just about to.")
    reasons: Sequence[Reason] = strawberry.field(
        description="What it waits for, or what keeps it from running; the root cause first. Empty if it runs.",
        graphql_type=list[NotRunningReason],
    )
