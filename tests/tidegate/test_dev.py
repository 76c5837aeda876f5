"""`tidegate dev`: one command for everything, and nothing left behind however it ends."""

import json
import signal
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.eventually import eventually
from tests.tidegate.processes import DEADLINE, Dev, dev, tidegate
from tidegate.client import Client

TOTAL = ("run", "examples/order-total.yaml", "--json")


@pytest.fixture
def data_dir(server_folder: Path) -> Path:
    return server_folder / "data"


@pytest.fixture(scope="module")
def without_worker(session_folder: Path) -> Iterator[Dev]:
    """One that tests only look at."""
    with dev(session_folder / "without-worker", "--no-worker") as running:
        yield running


def events(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def outputs(text: str) -> Any:
    """What a completed run gave."""
    last = events(text)[-1]
    assert last["type"] == "FLOW_COMPLETED", last
    return last["data"]["outputs"]


def flow_names(running: Dev) -> list[str]:
    query = "{ flows(first: 100) { edges { node { name latest { version } } } } }"
    edges = httpx.post(running.url, json={"query": query}).json()["data"]["flows"]["edges"]
    return sorted(f"{edge['node']['name']} {edge['node']['latest']['version']}" for edge in edges)


def test_dev_is_ready_runs_an_example_and_ends_cleanly(data_dir):
    with dev(data_dir) as running:
        ready = httpx.get(running.url.replace("/graphql", "/readyz"))
        done = running.run(*TOTAL)
        left = running.end(signal.SIGTERM)

    assert ready.status_code == 200
    assert (done.returncode, outputs(done.stdout)) == (0, {"total": 60})
    assert left == []
    assert running.process.returncode == 0
    assert running.log == ""


def test_dev_tells_further_processes_its_urls_and_nobody_else(without_worker):
    path = without_worker.data_dir / "env"
    urls = dict(line.split("=", 1) for line in path.read_text().splitlines())

    assert set(urls) == {"DATABASE_URL", "REDIS_URL"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert without_worker.program(WORKER) is None
    assert tidegate("migrate", **urls).stdout == "nothing to do\n"


async def test_a_second_start_keeps_executions_and_flows_and_goes_on_with_what_waits(data_dir):
    with dev(data_dir) as running:
        first = events(running.run(*TOTAL).stdout)
        names = flow_names(running)
        course = await begun_course(running)
        running.end(signal.SIGINT)

    with dev(data_dir) as running:
        again = running.run("events", first[0]["executionId"], "--json")

        assert events(again.stdout) == first
        assert flow_names(running) == names
        assert "Order total 1" in names
        assert await ended_course(running, course) == (3, 5)


async def begun_course(running: Dev) -> str:
    """An execution of the example that lasts for weeks, here of a second, which waits for the last of them."""
    find = '{ flows(search: "Course in three weeks") { edges { node { id } } } }'
    create = "mutation($i: CreateExecutionInput!) { createExecution(input: $i) { execution { id } } }"
    async with Client(running.url) as client:
        flow = (await client.ask(find))["flows"]["edges"][0]["node"]["id"]
        given = {"flowId": flow, "inputs": {"weekMs": 1000, "answerWithinMs": 600_000}, "autoStart": True}
        course = (await client.ask(create, i=given))["createExecution"]["execution"]["id"]
        await eventually(lambda: is_waiting(client, course, "until_third"))
    return str(course)


async def ended_course(running: Dev, course: str) -> tuple[int, int]:
    """How many lessons it has sent, and the stars that it got for them."""
    stars = 'mutation($id: ID!) { sendSignal(executionId: $id, name: "stars", payload: 5) { execution { id } } }'
    async with Client(running.url) as client:
        await eventually(lambda: is_waiting(client, course, "answer"))
        await client.ask(stars, id=course)
        sent = await eventually(lambda: course_outputs(client, course))
    return len(sent["lessons"]), sent["stars"]


async def course_outputs(client: Client, course: str) -> Any:
    return (await client.ask("query($id: ID!) { execution(id: $id) { outputs } }", id=course))["execution"]["outputs"]


async def is_waiting(client: Client, execution: str, node: str) -> bool:
    query = "query($id: ID!, $node: ID!) { execution(id: $id) { nodeState(nodeId: $node) { status } } }"
    data = await client.ask(query, id=execution, node=node)
    return bool(data["execution"]["nodeState"]["status"] == "WAITING")


def test_killing_dev_leaves_nothing_behind_and_its_data_usable(data_dir):
    with dev(data_dir) as running:
        first = events(running.run(*TOTAL).stdout)
        assert running.end(signal.SIGKILL) == []

    with dev(data_dir) as running:
        assert events(running.run("events", first[0]["executionId"], "--json").stdout) == first
        assert outputs(running.run(*TOTAL).stdout) == {"total": 60}


def test_a_twin_on_the_same_data_is_refused(without_worker):
    twin = tidegate("dev", "--port", "0", "--data-dir", str(without_worker.data_dir))

    assert twin.returncode == 1
    assert twin.stderr == (
        f"tidegate: {without_worker.data_dir} is in use by process {without_worker.process.pid}. "
        "Stop that one, or choose another --data-dir.\n"
    )


WORKER, VALKEY, POSTGRES = "-m tidegate worker", "valkey-server", "bin/postgres -D"


async def kill(running: Dev, program: str) -> None:
    """Kill one of its programs, and wait until it has started another."""
    victim = await eventually(lambda: running.program(program))
    victim.kill()
    await eventually(lambda: running.program(program) not in (None, victim), within=DEADLINE)


async def test_what_dies_is_started_again(data_dir):
    with dev(data_dir) as running:
        for program, said in ((WORKER, "worker ended"), (VALKEY, "Valkey has ended"), (POSTGRES, "Postgres has ended")):
            await kill(running, program)
            # What is asked while Postgres is away may fail.
            await eventually(lambda: running.run(*TOTAL).returncode == 0, within=DEADLINE)
            assert said in running.log
        assert running.end(signal.SIGTERM) == []
