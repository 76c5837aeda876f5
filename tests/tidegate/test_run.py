"""`tidegate run` and `tidegate events` against a real service."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tidegate.processes import COMMAND, ROOT, environment

FAILING = """\
tidegate: 1
name: Failing
nodes:
  - {id: broken, type: json.parse, inputs: {text: '{'}}
"""

SLEEPING = """\
tidegate: 1
name: Sleeping
nodes:
  - {id: nap, type: time.sleep, inputs: {durationMs: 600000}}
"""


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
        # Longer than a worker stays with an execution that only waits.
        (
            ("rollout.yaml", "--input", "failures=4", "--input", "watchMs=4000"),
            {"steps": ["canary runs 2.4.0", "canary rolled back"]},
        ),
    ],
)
def test_an_example_gives_its_outputs_as_json_lines(running, example, outputs):
    done = running.run("run", f"examples/{example[0]}", "--json", *example[1:])

    events = parsed(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    assert [event["index"] for event in events] == list(range(-1, len(events) - 1))
    assert events[0]["type"] == "EXECUTION_CREATED"
    assert events[-1]["data"]["outputs"] == outputs


def test_the_access_log_is_read_from_a_file_and_its_report_shown(running):
    done = running.run("run", "examples/access-log.yaml", "--input", "log=@examples/access.log")

    assert done.returncode == 0
    assert "360 requests, 1.8 MB sent, 1.4 % server errors" in done.stdout
    assert "27 of 27 nodes completed" in done.stdout


def test_a_handled_failure_completes(running):
    done = running.run("run", "examples/error-port.yaml", "--json")

    assert done.returncode == 0
    assert parsed(done.stdout)[-1]["data"]["failedNodeCount"] == 1


def test_a_failed_run_exits_with_1_and_names_the_node(running, tmp_path):
    done = running.run("run", write(tmp_path, FAILING))

    assert done.returncode == 1
    assert "node broken: Input 'text': Line 1, column 2" in done.stdout


def test_a_flow_that_the_service_has_is_not_created_again(running):
    first, second = (parsed(running.run("run", "examples/order-total.yaml", "--json").stdout) for _ in range(2))

    assert first[0]["data"]["flowId"] == second[0]["data"]["flowId"]
    assert first[0]["executionId"] != second[0]["executionId"]


def test_events_are_printed_as_lines_from_any_index(running):
    events = parsed(running.run("run", "examples/order-total.yaml", "--json").stdout)
    execution = events[0]["executionId"]

    everything = running.run("events", execution).stdout.splitlines()
    assert [line.split()[2] for line in everything] == [event["type"] for event in events]
    assert parsed(running.run("events", execution, "--json", "--from", "3").stdout) == events[4:]
    assert running.run("events", execution, "--follow").stdout.splitlines() == everything


@pytest.mark.parametrize("more", [(), ("--follow",)])
def test_an_unknown_execution_is_one_line(running, more):
    done = running.run("events", "EX0000000000000000", *more)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "tidegate: There is no such execution.\n"


def test_an_interrupted_run_goes_on_at_the_server(running, tmp_path):
    command = [*COMMAND, "run", write(tmp_path, SLEEPING), "--json", "--url", running.url]
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


def test_the_example_client_creates_watches_and_reads(running):
    done = subprocess.run(
        [sys.executable, "examples/client.py", running.url], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.splitlines()[0].strip() == "-1 EXECUTION_CREATED"
    assert done.stdout.splitlines()[-1] == "{'status': 'COMPLETED', 'outputs': {'greeting': 'Hello, world'}}"
