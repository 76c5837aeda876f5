"""`tidegate run` and `tidegate events` against a real service."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.tidegate.processes import COMMAND, ROOT, Dev, environment, tidegate

FAILING = """\
tidegate: 1
name: Failing
nodes:
  - {id: broken, type: json.parse, inputs: {text: '{'}}
"""

LOGGING = """\
tidegate: 1
name: Logging
nodes:
  - {id: say, type: debug.log, inputs: {message: the tide turns}}
"""

SLEEPING = """\
tidegate: 1
name: Sleeping
nodes:
  - {id: nap, type: time.sleep, inputs: {durationMs: 600000}}
"""


SIGNAL = """mutation($id: ID!, $payload: JSON) {
  sendSignal(executionId: $id, name: "approval", payload: $payload) { execution { id } } }"""
PAUSE = 'mutation($id: ID!) { pauseExecution(executionId: $id, reason: "Lunch.") { execution { id } } }'
STOP = "mutation($id: ID!) { stopExecution(executionId: $id) { execution { id } } }"
TREE = "query($id: ID!) { executionTree(executionId: $id) { edges { node { level execution { id outputs } } } } }"


def write(folder: Path, text: str) -> str:
    path = folder / "flow.yaml"
    path.write_text(text)
    return str(path)


def parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize(
    ("example", "outputs"),
    [
        (("order-total.yaml", "--input", "price=2.5"), {"total": 7.5}),
        (("branching.yaml", "--input", "country=NZ"), {"fee": 24, "total": 104}),
        (("fan-out.yaml",), {"final": 118591.84, "growth": 4.8}),
        (("rollout.yaml", "--input", "failures=4"), {"steps": ["canary runs 2.4.0", "canary rolled back"]}),
        (("approval.yaml", "--input", "deadlineMs=1000"), {"payment": "not paid"}),
        # Longer than a worker stays with an execution that only waits.
        (
            ("rollout.yaml", "--input", "failures=4", "--input", "watchMs=4000"),
            {"steps": ["canary runs 2.4.0", "canary rolled back"]},
        ),
    ],
)
def test_an_example_gives_its_outputs_as_json_lines(service, example, outputs):
    done = service.run("run", f"examples/{example[0]}", "--json", *example[1:])

    events = parsed(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["index"] for event in events] == list(range(-1, len(events) - 1))
    assert events[0]["type"] == "EXECUTION_CREATED"
    assert events[-1]["data"]["outputs"] == outputs


def test_the_access_log_is_read_from_a_file_and_its_report_shown(service):
    done = service.run("run", "examples/access-log.yaml", "--input", "log=@examples/access.log")

    assert done.returncode == 0
    assert "360 requests, 1.8 MB sent, 1.4 % server errors" in done.stdout
    assert "27 of 27 nodes completed" in done.stdout


def answer(service: Dev, query: str, **variables: Any) -> Any:
    """The data that the service answers with."""
    body = httpx.post(service.url, json={"query": query, "variables": variables}).json()
    assert "errors" not in body, body
    return body["data"]


def test_an_approval_that_comes_in_time_ends_the_wait(service):
    with subprocess.Popen(
        [*COMMAND, "run", "examples/approval.yaml", "--json", "--url", service.url],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        waiting = next(event for event in map(json.loads, process.stdout) if event["type"] == "NODE_WAITING")
        answer(service, SIGNAL, id=waiting["executionId"], payload={"approved": True, "by": "Ada"})
        *_, last = map(json.loads, process.stdout)

    assert (waiting["data"]["nodeId"], waiting["data"]["signalName"]) == ("approval", "approval")
    assert last["data"]["outputs"] == {"payment": "paid, as Ada has approved"}
    assert process.returncode == 0


def test_a_paused_run_says_what_lets_it_go_on(service):
    with subprocess.Popen(
        [*COMMAND, "run", "examples/approval.yaml", "--url", service.url],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        execution = next(process.stdout).split()[-1]
        waiting = next(line for line in process.stdout if line.startswith("…"))
        answer(service, PAUSE, id=execution)
        paused = next(line for line in process.stdout if line.startswith("‖"))
        answer(service, STOP, id=execution)
        *_, last = process.stdout

    assert "signal.wait      waits for the signal 'approval', until 20" in waiting
    assert paused == "‖ paused; resumeExecution lets it go on, stepExecution one node (Lunch.)\n"
    assert last.startswith("STOPPED in ")
    assert process.returncode == 1


def test_a_large_order_has_a_child_and_a_grandchild(service):
    done = service.run("run", "examples/orders.yaml")

    execution = done.stdout.splitlines()[0].split()[-1]
    members = [edge["node"] for edge in answer(service, TREE, id=execution)["executionTree"]["edges"]]
    assert (done.returncode, done.stderr) == (0, "")
    assert "for the event 'placed'" in done.stdout
    assert [member["level"] for member in members] == [0, 1, 2]
    assert [member["execution"]["outputs"] for member in members] == [
        {"orderExecution": members[1]["execution"]["id"]},
        {"total": 1350},
        {"notice": "3 × desk: somebody has to look at this"},
    ]


def test_a_handled_failure_completes(service):
    done = service.run("run", "examples/error-port.yaml", "--json")

    assert done.returncode == 0
    assert parsed(done.stdout)[-1]["data"]["failedNodeCount"] == 1


def test_a_failed_run_exits_with_1_and_names_the_node(service, tmp_path):
    done = service.run("run", write(tmp_path, FAILING))

    assert done.returncode == 1
    assert "node broken: Input 'text': Line 1, column 2" in done.stdout


def test_a_node_type_that_only_the_server_lacks_is_said_to_be_known_here(service, tmp_path):
    assert tidegate("nodes", "new", "here.only", "--dir", str(tmp_path)).returncode == 0
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    flow = str(tmp_path / "here_only.yaml")
    done = tidegate("run", flow, "--url", service.url, TIDEGATE_NODES="here_only", PYTHONPATH=path)

    assert (done.returncode, done.stdout) == (1, "")
    assert "There is no node type 'here.only'." in done.stderr
    assert "It is known here: what the server knows is said by its own TIDEGATE_NODES" in done.stderr


def test_what_nodes_log_is_shown_where_it_is_asked_for(service, tmp_path):
    plain, debugged = (service.run("run", write(tmp_path, LOGGING), *options) for options in ((), ("--debug",)))

    assert (plain.returncode, debugged.returncode) == (0, 0)
    assert "the tide turns" not in plain.stdout
    assert "say                  debug.log          the tide turns" in debugged.stdout


def test_a_flow_that_the_service_has_is_not_created_again(service):
    first, second = (parsed(service.run("run", "examples/order-total.yaml", "--json").stdout) for _ in range(2))

    assert first[0]["data"]["flowId"] == second[0]["data"]["flowId"]
    assert first[0]["executionId"] != second[0]["executionId"]


def test_events_are_printed_as_lines_from_any_index(service):
    events = parsed(service.run("run", "examples/order-total.yaml", "--json").stdout)
    execution = events[0]["executionId"]

    everything = service.run("events", execution).stdout.splitlines()
    assert [line.split()[2] for line in everything] == [event["type"] for event in events]
    assert parsed(service.run("events", execution, "--json", "--from", "3").stdout) == events[4:]
    assert service.run("events", execution, "--follow").stdout.splitlines() == everything


@pytest.mark.parametrize("more", [(), ("--follow",)])
def test_an_unknown_execution_is_one_line(service, more):
    done = service.run("events", "EX0000000000000000", *more)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tidegate: There is no such execution.\n"


def test_an_interrupted_run_goes_on_at_the_server(service, tmp_path):
    command = [*COMMAND, "run", write(tmp_path, SLEEPING), "--json", "--url", service.url]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        for line in process.stdout:
            event = json.loads(line)
            if event["type"] == "NODE_WAITING":
                break
        process.send_signal(signal.SIGINT)
        complaint = process.stderr.read()

    assert process.returncode == 130
    assert complaint.splitlines() == [
        f"The execution goes on at the server; see it with: tidegate events {event['executionId']} --follow"
    ]


def test_the_example_client_creates_watches_and_reads(service):
    done = subprocess.run(
        [sys.executable, "examples/client.py", service.url], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.splitlines()[0].strip() == "-1 EXECUTION_CREATED"
    assert done.stdout.splitlines()[-1] == "{'status': 'COMPLETED', 'outputs': {'greeting': 'Hello, world'}}"


def test_the_example_of_a_family_pauses_resumes_and_stops_it_as_one(service):
    done = subprocess.run(
        [sys.executable, "examples/family.py", service.url], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert "{'postages': [{'postage': 2}, {'postage': 5.0}, {'postage': 8}]}" in lines
    for command, status in (("pauseExecution", "PAUSED"), ("resumeExecution", "RUNNING"), ("stopExecution", "STOPPED")):
        after = lines[lines.index(command) + 1 :]
        assert any(line.split() == [status] * 4 for line in after), done.stdout
