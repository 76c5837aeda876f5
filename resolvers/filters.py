"""From the filter that a client gives to the one that is asked of the database, for lists and bulk commands alike."""

from engine.labels import Label, check_labels, check_text
from schema.inputs import ExecutionFilter as GivenFilter
from storage.lists import ExecutionFilter

SEARCH_LENGTH = 1_000


def wanted(given: GivenFilter | None, flow_id: str | None = None) -> ExecutionFilter | None:
    """What is asked of executions, `flow_id` as well; None if nothing can match. Raises `BadUserInput`."""
    if given is None:
        return ExecutionFilter(flow_id=flow_id)
    labels = _labels(given)
    _check_texts(given)
    if _contradicts_itself(given, flow_id, labels):
        return None
    return ExecutionFilter(
        owner_id=given.owner_id,
        flow_id=given.flow_id if flow_id is None else flow_id,
        statuses=given.statuses,
        created_after=given.created_after,
        created_before=given.created_before,
        has_error=given.has_error,
        error_contains=given.error_contains,
        labels=labels,
        parent_execution_id=given.parent_execution_id,
    )


def _labels(given: GivenFilter) -> list[Label]:
    labels = [Label(label.name, label.value) for label in given.labels or ()]
    check_labels(labels, "filter.labels")
    return list(dict.fromkeys(labels))


def _check_texts(given: GivenFilter) -> None:
    if given.error_contains is not None:
        check_text(given.error_contains, SEARCH_LENGTH, "filter.errorContains")
    for name, id in (
        ("flowId", given.flow_id),
        ("ownerId", given.owner_id),
        ("parentExecutionId", given.parent_execution_id),
    ):
        check_text(id or "", SEARCH_LENGTH, f"filter.{name}")


def _contradicts_itself(given: GivenFilter, flow_id: str | None, labels: list[Label]) -> bool:
    asks_two_values = len({label.name for label in labels}) < len(labels)
    asks_two_flows = None not in (flow_id, given.flow_id) and flow_id != given.flow_id
    return asks_two_values or asks_two_flows
