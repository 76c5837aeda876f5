"""What is found of those who have something that their giver would take back."""

import time
from collections.abc import Mapping

from engine.entry import Entry
from engine.events import Event, FlowStarted, NodePortResolved, NodeStarted
from engine.state import State
from engine.values import Value
from engine.voiding import users_under_way
from tests.engine.running import Run, flow
from tests.engine.streaming import STREAMING, reader, writer

FEW = 1800
TIMES_MORE = 5


def read_by(readers: int) -> State:
    """A stream that so many nodes read just now."""
    names = [f"r{number}" for number in range(readers)]
    document = flow(writer("w"), *map(reader, names), edges=[f"w.stream > {name}.stream" for name in names])
    stream = Value.of({"$stream": {"nodeId": "w", "port": "stream"}})
    begun = [
        FlowStarted(worker_id="worker-1"),
        began("w", "test.writer", {}),
        NodePortResolved(node_id="w", node_type="test.writer", attempt=1, port="stream", value=stream),
        *(began(name, "test.reader", {"stream": stream}) for name in names),
    ]
    return (
        Run.of(document, STREAMING).fresh_state().apply_all(Entry(index, 0, event) for index, event in enumerate(begun))
    )


def began(name: str, type: str, inputs: Mapping[str, Value]) -> Event:
    return NodeStarted(node_id=name, node_type=type, attempt=1, inputs=inputs, idempotency_key=f"EX1:{name}")


def seconds(state: State) -> float:
    """How long it takes to find them, undisturbed."""
    spent = []
    for _ in range(5):
        began = time.thread_time()
        users_under_way(state, 0)
        spent.append(time.thread_time() - began)
    return min(spent)


def test_a_stream_that_five_times_as_many_read_takes_about_five_times_as_long_to_void() -> None:
    few, many = read_by(FEW), read_by(FEW * TIMES_MORE)

    assert len(users_under_way(many, 0)) == FEW * TIMES_MORE
    assert seconds(many) < seconds(few) * TIMES_MORE * 3
