"""Child executions: spawned once with their parent's append, run by whoever has room, waited for by nobody's worker."""

from pathlib import Path

import orjson

from engine.status import ExecutionCommand
from tests.eventually import eventually
from tests.jobs.client import Client
from tests.jobs.conftest import NewProcess, NewWorker
from tests.jobs.families import (
    calling,
    children,
    doubling,
    item_input,
    mapping,
    output,
    outputs,
    parked,
)
from tests.jobs.flows import witness
from tests.jobs.nodes import Notes

PAUSE, RESUME = ExecutionCommand.PAUSE, ExecutionCommand.RESUME


async def test_an_emitted_event_is_run_for_by_a_child_and_the_parent_ends_after_it(
    client: Client, new_worker: NewWorker
) -> None:
    worker = await new_worker()
    nodes = [
        {"id": "emit", "type": "event.emit", "inputs": {"eventName": "order", "payload": {"n": 20}}},
        {"id": "listen", "type": "event.listen", "inputs": {"eventName": "order"}},
        {"id": "is_root", "type": "event.is_root"},
        {"id": "got", "type": "flow.output", "inputs": {"name": "got"}},
        {"id": "root", "type": "flow.output", "inputs": {"name": "root"}},
    ]
    edges = [("listen.payload", "got.value"), ("is_root.result", "root.value")]
    execution = await client.run(await client.flow(nodes, edges))
    assert await outputs(client, execution) == {"root": True}
    (child,) = await children(client, execution)
    assert orjson.loads(child["outputs"]) == {"got": {"n": 20}}
    assert (child["depth"], child["root_id"], child["spawned_by"]) == (1, execution, "emit")
    completed = await client.saw(execution, "NODE_COMPLETED", nodeId="emit")
    assert completed["outputs"] == {"childExecutionId": child["id"]}
    kinds = await client.kinds(execution)
    assert kinds.index("CHILD_EXECUTION_SPAWNED") < kinds.index("CHILD_EXECUTION_COMPLETED") < len(kinds) - 1
    assert worker.parts.sweeper.rescues == 0


async def test_a_child_that_runs_for_an_event_has_its_parents_inputs(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    nodes = [
        item_input("factor"),
        {"id": "emit", "type": "event.emit", "inputs": {"eventName": "order", "payload": 20}},
        {"id": "listen", "type": "event.listen", "inputs": {"eventName": "order"}},
        {"id": "product", "type": "math.arithmetic", "inputs": {"operation": "multiply"}},
        output(),
    ]
    edges = [("factor.value", "product.a"), ("listen.payload", "product.b"), ("product.result", "out.value")]
    execution = await client.run(await client.flow(nodes, edges), inputs={"factor": 3})
    await client.ended(execution)
    (child,) = await children(client, execution)
    assert orjson.loads(child["outputs"]) == {"result": 60}
    assert orjson.loads(child["inputs"]) == {"factor": 3}


async def test_an_event_that_nobody_listens_to_spawns_nothing(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    execution = await client.run(
        await client.flow([{"id": "emit", "type": "event.emit", "inputs": {"eventName": "order"}}])
    )
    await client.ended(execution)
    assert await children(client, execution) == []


async def test_an_execution_for_events_from_outside_runs_one_child_for_each(
    client: Client, new_worker: NewWorker, notes: Notes
) -> None:
    nodes = [{"id": "listen", "type": "event.listen", "inputs": {"eventName": "order"}}, output(), witness("w", notes)]
    execution = await client.create(
        await client.flow(nodes, [("listen.payload", "out.value")]),
        events=[{"eventName": "order", "payload": number} for number in range(3)],
    )
    await client.start(execution)
    await new_worker()
    await client.ended(execution)
    rows = await children(client, execution)
    assert [orjson.loads(row["outputs"]) for row in rows] == [{"result": number} for number in range(3)]
    assert notes.nodes("began") == []
    spawned = [data["eventData"] for kind, data in await client.events(execution) if kind == "CHILD_EXECUTION_SPAWNED"]
    assert spawned == [0, 1, 2]


async def test_a_called_flow_gives_its_outputs_and_the_caller_holds_no_worker_meanwhile(
    client: Client, new_worker: NewWorker, notes: Notes, gate: Path
) -> None:
    await new_worker(concurrency=1, warm_seconds=0.05)
    called = await client.flow([witness("slow", notes, gate), output()], [("slow.value", "out.value")])
    execution = await client.run(await calling(client, called))
    await eventually(lambda: notes.nodes("began") == ["slow"])
    await parked(client, execution)
    gate.touch()
    assert await outputs(client, execution) == {"outputs": {"result": "slow"}}


async def test_a_flow_is_called_in_the_version_that_was_newest_when_the_caller_was_created(
    client: Client, new_worker: NewWorker
) -> None:
    called = await client.flow(
        [{"id": "v", "type": "value.number", "inputs": {"value": 1}}, output()], [("v.value", "out.value")]
    )
    execution = await client.create(await calling(client, called))
    await client.update(
        called, [{"id": "v", "type": "value.number", "inputs": {"value": 2}}, output()], [("v.value", "out.value")]
    )
    later = await client.create((await client.row(execution))["flow_id"])
    for each in (execution, later):
        await client.start(each)
    await new_worker()
    assert await outputs(client, execution) == {"outputs": {"result": 1}}
    assert await outputs(client, later) == {"outputs": {"result": 2}}


async def test_a_called_flow_that_fails_fails_the_node_that_called_it(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    called = await client.flow([{"id": "bad", "type": "json.parse", "inputs": {"text": "{"}}])
    execution = await client.run(await calling(client, called))
    row = await client.ended(execution, "FAILED")
    assert orjson.loads(row["error"])["nodeId"] == "call"
    assert (await client.saw(execution, "CHILD_EXECUTION_FAILED"))["error"]["nodeId"] == "bad"


async def test_what_the_called_flow_does_not_take_is_said_before_it_is_run(
    client: Client, new_worker: NewWorker
) -> None:
    await new_worker()
    for inputs, said in (({"inputs": {"itme": 1}}, "Did you mean 'item'?"), ({}, "'item' is missing")):
        execution = await client.run(await calling(client, await doubling(client), **inputs))
        row = await client.ended(execution, "FAILED")
        assert said in orjson.loads(row["error"])["message"]
        assert await children(client, execution) == []
    execution = await client.run(await calling(client, "FLnowhere"))
    assert "there is no flow 'FLnowhere'" in (await client.ended(execution, "FAILED"))["error"]


async def test_a_map_gives_results_in_the_order_of_the_items_and_tells_of_failures(
    client: Client, new_worker: NewWorker
) -> None:
    await new_worker()
    execution = await client.run(await mapping(client, await doubling(client), [1, "two", 3]))
    got = await outputs(client, execution)
    assert got["results"] == [{"result": 2}, None, {"result": 6}]
    assert [(each["index"], each["code"]) for each in got["failed"]] == [(1, "INPUT")]


async def test_a_map_over_nothing_gives_nothing(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    execution = await client.run(await mapping(client, await doubling(client), []))
    assert await outputs(client, execution) == {"results": [], "failed": []}


async def test_a_map_runs_no_more_at_once_than_it_may(client: Client, new_worker: NewWorker, notes: Notes) -> None:
    await new_worker()
    called = await client.flow([item_input(), witness("w", notes)])
    execution = await client.run(await mapping(client, called, list(range(8)), concurrency=2))
    await client.ended(execution)
    open_now = most = 0
    for kind, _ in await client.events(execution):
        open_now += (kind == "CHILD_EXECUTION_SPAWNED") - (kind == "CHILD_EXECUTION_COMPLETED")
        most = max(most, open_now)
    assert most == 2
    assert len(notes.nodes("ended")) == 8


async def test_a_repeated_flow_is_run_until_its_outputs_say_enough(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    add = {"id": "add", "type": "math.arithmetic", "inputs": {"b": 3, "operation": "add"}}
    called = await client.flow([item_input("n"), add, output("n")], [("n.value", "add.a"), ("add.result", "out.value")])
    repeat = {"flowId": called, "inputs": {"n": 1}, "until": "n >= 10", "maxTimes": 50}
    nodes = [{"id": "r", "type": "flow.repeat", "inputs": repeat}, output("last")]
    execution = await client.run(await client.flow(nodes, [("r.outputs", "out.value")]))
    assert await outputs(client, execution) == {"last": {"n": 10}}
    assert len(await children(client, execution)) == 3


async def test_a_tree_has_no_more_children_than_its_root_may(client: Client, new_worker: NewWorker) -> None:
    await new_worker()
    flow = await mapping(client, await doubling(client), [1, 2, 3])
    within = await client.run(flow, max_children=3)
    assert (await outputs(client, within))["failed"] == []
    beyond = await client.run(flow, max_children=2)
    row = await client.ended(beyond, "FAILED")
    assert orjson.loads(row["error"])["code"] == "BUDGET"
    assert await children(client, beyond) == []


async def test_a_tree_is_at_most_a_hundred_levels_deep(client: Client, new_worker: NewWorker) -> None:
    """The flow emits the event that it listens to, so each child has one of its own."""
    worker = await new_worker(concurrency=4)
    nodes = [
        {"id": "first", "type": "event.emit", "inputs": {"eventName": "again"}},
        {"id": "listen", "type": "event.listen", "inputs": {"eventName": "again"}},
        {"id": "emit", "type": "event.emit", "inputs": {"eventName": "again"}},
    ]
    execution = await client.run(await client.flow(nodes, [("listen.__success", "emit.__execute")]))
    await client.ended(execution, within=60.0)
    query = "select max(depth) as deepest, count(*) as members from executions where root_id = $1"
    assert tuple(await client.pool.fetchrow(query, execution)) == (100, 101)
    deepest = await client.pool.fetchrow("select status, error from executions where depth = 100")
    assert (deepest["status"], orjson.loads(deepest["error"])["code"]) == ("FAILED", "DEPTH")
    assert worker.parts.sweeper.rescues == 0


async def test_a_thousand_children_finish_on_one_worker_with_four_places(client: Client, new_worker: NewWorker) -> None:
    worker = await new_worker(concurrency=4)
    execution = await client.run(await mapping(client, await doubling(client), list(range(1000))))
    got = await outputs(client, execution, within=240.0)
    assert got["results"] == [{"result": 2 * number} for number in range(1000)]
    kinds = await client.kinds(execution)
    assert kinds.count("CHILD_EXECUTION_SPAWNED") == kinds.count("CHILD_EXECUTION_COMPLETED") == 1000
    assert worker.parts.sweeper.rescues == 0


async def test_large_values_go_down_to_children_and_up_again_whole(client: Client, new_worker: NewWorker) -> None:
    await new_worker(warm_seconds=0.05)
    echo = await client.flow([item_input(), output()], [("item.value", "out.value")])
    large = ["x" * 100_000, "y" * 100_000]
    got = await outputs(client, await client.run(await mapping(client, echo, large)))
    text = await client.pool.fetchval("select text from payloads where id = $1", got["results"]["$payload"]["id"])
    assert orjson.loads(text) == [{"result": each} for each in large]


async def test_a_family_whose_workers_are_killed_again_and_again_spawns_each_child_once(
    client: Client, new_process: NewProcess
) -> None:
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": 50}}
    called = await client.flow([item_input(), nap, output()], [("item.value", "nap.value"), ("nap.value", "out.value")])
    execution = await client.run(await mapping(client, called, list(range(60)), concurrency=10))
    for _ in range(3):
        worker = await new_process(concurrency=4)
        before = (await client.kinds(execution)).count("CHILD_EXECUTION_COMPLETED")

        async def went_on(before: int = before) -> bool:
            return (await client.kinds(execution)).count("CHILD_EXECUTION_COMPLETED") > before + 5

        await eventually(went_on)
        worker.kill()
    await new_process(concurrency=4)
    got = await outputs(client, execution, within=60.0)
    assert got["results"] == [{"result": number} for number in range(60)]
    assert len(await children(client, execution)) == 60
