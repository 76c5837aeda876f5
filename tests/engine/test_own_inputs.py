"""What a node is given is its own: whatever it does to it, nobody else sees it."""

from typing import Any

from engine.node import Context, Input, Node, Output
from engine.nodes import BUILT_IN
from engine.registry import Registry
from engine.state import Setup, State
from engine.status import ExecutionStatus
from tests.engine.log_rules import check_fold
from tests.engine.running import EPOCH, Run, flow, output, work
from tests.engine.scripted import WORK
from tests.engine.virtual_clock import in_virtual_time


class SpoilInput(Input):
    data: Any = None
    constant: Any = None


class SpoilOutput(Output):
    seen: Any
    given: Any


def spoil(data: Any) -> None:
    if isinstance(data, dict):
        data["spoiled"] = True
        data["list"].append("spoiled")
    if isinstance(data, list):
        data.append("spoiled")


class Spoils(Node[SpoilInput, SpoilOutput]):
    """Tells what it sees, then spoils it, and what it has given too."""

    type = "test.spoils"
    pure = True

    async def run(self, inputs: SpoilInput, context: Context) -> SpoilOutput:
        parts = [inputs.data, inputs.constant, context.inputs.get("given"), context.integration]
        seen = str(parts)
        for part in parts:
            spoil(part)
        if context.attempt == 1:
            raise ValueError(seen)
        return SpoilOutput(seen=seen, given=inputs.data)


REGISTRY = Registry([Spoils, *WORK, *BUILT_IN.values()])
DATA = {"list": [1], "n": 1}


def spoils(node_id: str) -> dict[str, Any]:
    policy = {"maxAttempts": 2, "initialDelayMs": 10}
    return {"id": node_id, "type": "test.spoils", "inputs": {"constant": DATA}, "retry": policy}


@in_virtual_time
async def test_a_node_that_spoils_what_it_was_given_spoils_it_for_itself_alone() -> None:
    source = {"id": "in", "type": "flow.input", "inputs": {"name": "given", "schema": {}}}
    document = flow(
        source,
        *(spoils(name) for name in "abc"),
        *(output(f"{name}_seen") for name in "abc"),
        work("last"),
        edges=[
            *(f"in.value > {name}.data" for name in "abc"),
            *(f"{name}.seen > {name}_seen.value" for name in "abc"),
            "in.value > last.a",
            "a.seen > last.__after",
        ],
    )
    run = Run.of(document, REGISTRY, inputs={"given": DATA})
    setup = run.state.setup
    run.state = State(run.plan, Setup("EX1", EPOCH, run.options, setup.inputs, integration={"list": []}))
    await run.go(warm_seconds=10.0**6)
    assert run.status is ExecutionStatus.COMPLETED
    assert set(run.outputs.values()) == {str([DATA, DATA, DATA, {"list": []}])}
    assert run.inputs_of("last") == {"a": DATA}
    assert run.plan.node("a").constants["constant"].data == DATA
    check_fold(run)
