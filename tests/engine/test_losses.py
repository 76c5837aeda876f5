"""What the log says of lost workers: who is suspect, who is convicted, and how a convicted execution ends."""

from typing import Any

import pytest

from engine.commands import Recover
from engine.crashes import end_as_crashed, is_convicted, is_suspect
from engine.decide import decide
from engine.entry import Entry
from engine.event import Event
from engine.events import ExecutionRecovered, FlowStarted, NodeCompleted, NodeFailed, NodeRetrying, NodeStarted, decode
from engine.node import Context
from engine.records import ExecutionError
from engine.state import State
from engine.status import ErrorCode, ExecutionStatus
from tests.engine.crashes import after_crash
from tests.engine.running import EPOCH, Run, flow, group, run, work
from tests.engine.test_random_graphs import unhurried
from tests.engine.test_recovery import prefix
from tests.engine.virtual_clock import in_virtual_time


class Story:
    """A state that is told events; `lose` is what a recovery from the loss of a worker says."""

    def __init__(self, *nodes: dict[str, Any]) -> None:
        document = flow(*nodes) if nodes else flow(work("a", "test.effect"), work("b", "test.effect"))
        self.state: State = Run.of(document, options=unhurried()).fresh_state()
        self.attempts: dict[str, int] = {}
        self.tell(FlowStarted(worker_id="w"))

    def tell(self, *events: Event) -> None:
        for event in events:
            self.state.apply(Entry(self.state.last_index + 1, EPOCH, event))

    def start(self, *node_ids: str) -> None:
        for node_id in node_ids:
            self.attempts[node_id] = self.attempts.get(node_id, 0) + 1
            self.tell(
                NodeStarted(
                    node_id=node_id,
                    node_type="test.effect",
                    attempt=self.attempts[node_id],
                    inputs={},
                    idempotency_key="k",
                )
            )

    def lost(self, *, alone: bool = False) -> Recover:
        return Recover("new", "old", self.state.failure_count + 1, alone)

    def lose(self, *, alone: bool = False) -> None:
        self.tell(*decide(self.state, self.lost(alone=alone), EPOCH).events)

    def complete(self, node_id: str) -> None:
        self.tell(
            NodeCompleted(
                node_id=node_id, node_type="test.effect", attempt=self.attempts[node_id], outputs={}, execution_time=0
            )
        )

    def retry(self, node_id: str) -> None:
        error = ExecutionError(code=ErrorCode.NODE, message="no", node_id=node_id)
        attempt = self.attempts[node_id]
        self.tell(NodeRetrying(node_id=node_id, node_type="test.effect", attempt=attempt, error=error, delay=0))


def test_the_first_loss_makes_nobody_suspect_and_the_second_does() -> None:
    story = Story()
    story.start("a")
    assert not is_suspect(story.state, story.lost())
    story.lose()
    assert not is_suspect(story.state, None)
    story.start("a")
    assert not is_suspect(story.state, None)
    assert is_suspect(story.state, story.lost())
    story.lose()
    assert is_suspect(story.state, None), "it was forgotten between the recovery and the next start"


def test_losses_with_no_node_under_way_count_for_nothing() -> None:
    story = Story()
    for _ in range(5):
        assert not is_suspect(story.state, story.lost())
        story.lose()
    story.start("a")
    assert not is_suspect(story.state, story.lost())


def test_an_execution_that_was_given_back_in_order_has_lost_nobody() -> None:
    story = Story()
    given_back = Recover("new", None, 0)
    for _ in range(5):
        story.start("a")
        assert not is_suspect(story.state, given_back)
        story.tell(*decide(story.state, given_back, EPOCH).events)
    assert not story.state.losses


def test_what_is_given_back_in_order_stays_as_suspect_as_it_was() -> None:
    story = Story()
    for _ in range(2):
        story.start("a")
        story.lose()
    story.start("a")
    given_back = Recover("new", None, story.state.failure_count)
    assert is_suspect(story.state, given_back)
    story.tell(*decide(story.state, given_back, EPOCH).events)
    assert is_suspect(story.state, None)


@pytest.mark.parametrize("ends", ["complete", "retry"])
def test_an_attempt_that_ends_by_itself_takes_its_losses_along(ends: str) -> None:
    story = Story()
    for _ in range(3):
        story.start("a")
        story.lose()
    story.start("a")
    getattr(story, ends)("a")
    assert not is_suspect(story.state, story.lost())
    story.start("b" if ends == "complete" else "a")
    assert not is_suspect(story.state, story.lost())


def test_a_node_stays_suspect_although_others_go_on() -> None:
    """Else one that kills its process late would take down as many as the flow has other nodes."""
    story = Story()
    story.start("a", "b")
    story.lose()
    story.start("a", "b")
    story.complete("b")
    assert is_suspect(story.state, story.lost())


def test_a_group_is_under_way_but_kills_nobody() -> None:
    story = Story(group("g"), work("a", "test.effect", parent="g"))
    story.start("g")
    for _ in range(3):
        story.lose()
    assert not is_suspect(story.state, story.lost())


def test_any_number_of_workers_lost_among_others_convicts_nobody() -> None:
    story = Story()
    for _ in range(20):
        story.start("a")
        assert not is_convicted(story.state, story.lost())
        story.lose()
    assert is_suspect(story.state, None)


def test_two_processes_that_died_alone_with_a_node_convict_it() -> None:
    story = Story()
    story.start("a")
    story.lose(alone=True)
    story.start("a")
    assert not is_convicted(story.state, story.lost())
    assert is_convicted(story.state, story.lost(alone=True))
    story.lose()
    story.start("a")
    assert is_convicted(story.state, story.lost(alone=True)), "a loss in between says nothing"


def test_what_was_achieved_between_two_deaths_acquits() -> None:
    story = Story()
    story.start("a", "b")
    story.lose(alone=True)
    story.start("a", "b")
    story.complete("b")
    assert not is_convicted(story.state, story.lost(alone=True))


def test_a_convicted_execution_names_the_nodes_that_were_under_way() -> None:
    story = Story(work("a", "test.effect"), work("b", "test.effect"), work("c", "test.effect"))
    for alone in (False, False, True):
        story.start("a")
        story.lose(alone=alone)
    story.start("a", "c")
    first = story.state.last_index + 1
    entries = end_as_crashed(story.state, story.lost(alone=True), EPOCH + 5)
    assert [entry.index for entry in entries] == list(range(first, first + len(entries)))
    recovery, changed, failed, other_changed, other, end = (entry.event for entry in entries)
    assert isinstance(recovery, ExecutionRecovered)
    assert (recovery.failure_count, recovery.alone) == (4, True)
    assert (changed.kind, other_changed.kind) == ("NODE_STATUS_CHANGED", "NODE_STATUS_CHANGED")
    assert isinstance(failed, NodeFailed)
    assert (failed.node_id, failed.attempt, failed.error.code) == ("a", 4, ErrorCode.CRASH)
    assert isinstance(other, NodeFailed)
    assert (other.node_id, other.error.code) == ("c", ErrorCode.CANCELLED)
    assert end.kind == "FLOW_FAILED"
    assert story.state.status is ExecutionStatus.FAILED
    assert story.state.error
    assert (story.state.error.code, story.state.error.node_id) == (ErrorCode.CRASH, "a")
    assert "a was lost 4 times" in story.state.error.message


def test_several_nodes_that_were_under_way_are_all_named() -> None:
    story = Story()
    for _ in range(2):
        story.start("a", "b")
        story.lose(alone=True)
    end_as_crashed(story.state, None, EPOCH)
    assert story.state.error
    assert story.state.error.node_id is None
    assert "a, b" in story.state.error.message


def test_a_log_from_before_processes_ran_alone_folds_as_it_did() -> None:
    old = decode("EXECUTION_RECOVERED", {"workerId": "new", "previousWorkerId": "old", "failureCount": 1})
    assert isinstance(old, ExecutionRecovered)
    assert not old.alone


@in_virtual_time
async def test_after_a_loss_every_node_begins_only_when_the_log_has_its_start() -> None:
    """If it takes its process down, the log must say which it was."""
    nodes = [work("a", "test.effect", lasts=10), work("b", "test.pure"), work("c", "test.safe")]
    whole = await run(flow(*nodes, edges=["a.x > b.a", "b.x > c.a"]), options=unhurried())
    after = after_crash(whole, prefix(whole, NodeStarted, "a"), seconds=0.5)
    unsaid = []

    def check(context: Context, is_effect: bool) -> None:
        if not after.of_node(context.node_id, NodeStarted):
            unsaid.append(context.node_id)

    after.recorder.on_begin = check
    await after.live(Recover("worker-2", "worker-1", 1))
    assert [node for node, _ in after.recorder.began] == ["a", "b", "c"]
    assert unsaid == []
