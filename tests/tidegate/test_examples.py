"""The example flows, run by the engine in memory."""

import math
import runpy
from pathlib import Path

import pytest

from engine.nodes import BUILT_IN
from engine.options import ExecutionOptions
from engine.status import ExecutionStatus, NodeStatus
from tests.engine.running import Run
from tidegate.flow_file import read_flow_file
from tidegate.run_inputs import read_inputs

EXAMPLES = Path(__file__).parents[2] / "examples"

REPORT = """\
360 requests, 1.8 MB sent, 1.4 % server errors
2 of 362 lines were no requests

status  requests
200          310
301            9
302            4
304           18
404           14
500            2
502            2
503            1

requests  path
      49  /
      49  /products
      39  /api/stock
      33  /images/logo.svg
      32  /api/search

server errors on /api/search, /checkout"""


async def run_example(name: str, *given: tuple[str, str]) -> Run:
    flow = read_flow_file(str(EXAMPLES / name))
    inputs = read_inputs(flow.document, given)
    run = await Run.of(flow.data, BUILT_IN, options=ExecutionOptions(), inputs=inputs).go()
    assert run.status is ExecutionStatus.COMPLETED, run.state.error
    return run


async def test_order_total_multiplies():
    assert (await run_example("order-total.yaml")).outputs == {"total": 60}
    assert (await run_example("order-total.yaml", ("price", "2.5"))).outputs == {"total": 7.5}


@pytest.mark.parametrize(
    ("given", "outputs"),
    [
        ((), {"fee": 9.5, "total": 89.5}),
        ((("country", "DE"),), {"fee": 4.9, "total": 84.9}),
        ((("country", "CH"), ("goods", "20")), {"fee": 9.5, "total": 29.5}),
        ((("country", "NZ"), ("goods", "20")), {"fee": 24, "total": 44}),
        ((("goods", "150"),), {"fee": 0, "total": 150}),
    ],
)
async def test_branching_takes_one_way(given, outputs):
    assert (await run_example("branching.yaml", *given)).outputs == outputs


async def test_branching_skips_the_other_ways():
    statuses = (await run_example("branching.yaml", ("goods", "150"))).statuses

    assert statuses["free"] is NodeStatus.COMPLETED
    assert {statuses[node] for node in ("zone", "home_fee", "near_fee", "far_fee")} == {NodeStatus.SKIPPED}


async def test_a_failure_that_its_error_port_handles_lets_the_flow_complete():
    run = await run_example("error-port.yaml")

    assert run.state.failed_node_count == 1
    assert run.outputs == {
        "settings": {"theme": "light", "columns": 80},
        "warning": "Input 'text': Line 1, column 30: Expecting value.",
    }


async def test_without_the_failure_the_fallback_is_not_used():
    run = await run_example("error-port.yaml", ("settings", '{"theme": "dark"}'))

    assert run.state.failed_node_count == 0
    assert run.outputs == {"settings": {"theme": "dark"}, "warning": ""}


async def test_fan_out_runs_forty_nodes_and_gathers_what_they_give():
    run = await run_example("fan-out.yaml")

    growth = [1.04**year for year in range(1, 41)]
    assert run.outputs == {"final": round(1200 * sum(growth), 2), "growth": round(max(growth), 2)}


@pytest.mark.parametrize(
    ("failures", "steps"),
    [
        ("0.2", ["canary runs 3.0", "europe runs", "america runs", "asia runs"]),
        ("4", ["canary runs 3.0", "canary rolled back"]),
    ],
)
async def test_a_rollout_goes_on_only_after_a_healthy_canary(failures, steps):
    given = (("version", "3.0"), ("watchMs", "1000"), ("failures", failures))

    assert (await run_example("rollout.yaml", *given)).outputs == {"steps": steps}


async def test_an_expense_that_nobody_answers_is_refused_after_one_reminder():
    run = await run_example("approval-reminder.yaml", ("remindAfterMs", "1"), ("thenWaitMs", "1"))

    assert run.outputs["decision"] == "refused: nobody has answered"
    assert len(run.outputs["messages"]) == 2


async def test_a_thousand_nodes_come_nearly_to_pi():
    flow = runpy.run_path(str(EXAMPLES / "thousand_nodes.py"))["flow"]()
    run = await Run.of(flow.document(), BUILT_IN, options=ExecutionOptions()).go()

    assert set(run.statuses.values()) == {NodeStatus.COMPLETED}
    assert len(run.statuses) == 1000
    assert run.outputs["pi"] == pytest.approx(math.pi, abs=1 / 500)


async def test_the_access_log_becomes_a_report():
    outputs = (await run_example("access-log.yaml", ("log", f"@{EXAMPLES / 'access.log'}"))).outputs

    assert outputs["report"].rstrip() == REPORT
    assert outputs["errorRate"] == 1.4
    assert outputs["topPaths"][0] == {"path": "/", "requests": 49, "failed": 0}


async def test_an_empty_access_log_has_no_errors():
    outputs = (await run_example("access-log.yaml", ("log", ""))).outputs

    assert outputs["errorRate"] == 0
    assert outputs["topPaths"] == []
    assert outputs["report"].startswith("0 requests, 0.0 MB sent")


def test_every_example_is_listed_with_its_command():
    listed = (EXAMPLES / "README.md").read_text()

    for path in EXAMPLES.glob("*.yaml"):
        assert f"tidegate run examples/{path.name}" in listed
    for path in EXAMPLES.glob("*.py"):
        assert f"python examples/{path.name}" in listed
