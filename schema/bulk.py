"""What commands to many executions give back."""

from collections.abc import Mapping

import strawberry
from strawberry import ID

from engine.errors import TidegateError
from storage.bulk import Verdict


@strawberry.type(description="What one of many executions has answered to a command.")
class BulkResult:
    execution_id: ID = strawberry.field(description="The execution.")
    accepted: bool = strawberry.field(description="Whether the command is in its mailbox, as if sent to it alone.")
    code: str | None = strawberry.field(
        description="Why it was refused: INVALID_STATE, or CONFLICT if it could not be asked and is to be asked again."
    )
    message: str | None = strawberry.field(description="The same in words.")


@strawberry.type(description="The outcome of a command to many executions.")
class BulkPayload:
    results: list[BulkResult] = strawberry.field(
        description="What each has answered, newest first. Those that can accept the command come first; others are "
        "asked, and refuse, only if the filter names `statuses`."
    )
    has_more: bool = strawberry.field(
        description="Whether more match that would accept the command. Those that have accepted it are not among them, "
        "even before it is applied: repeated until this is false, the mutation has reached all."
    )


def show_results(verdicts: Mapping[str, Verdict]) -> list[BulkResult]:
    """Make the GraphQL objects of what each execution has answered."""
    return [_result(execution_id, verdict) for execution_id, verdict in verdicts.items()]


def _result(execution_id: str, verdict: Verdict) -> BulkResult:
    if isinstance(verdict, TidegateError):
        return BulkResult(execution_id=ID(execution_id), accepted=False, code=verdict.code, message=verdict.message)
    return BulkResult(execution_id=ID(execution_id), accepted=True, code=None, message=None)
