"""What a log never has, at any level: what flows work on, what they make of it, and the tokens of callers."""

import logging
from collections.abc import Iterator
from io import StringIO
from itertools import pairwise

import httpx
import pytest

from tests.api.client import Client
from tests.eventually import eventually
from tidegate.log_lines import JsonLines

CANARY = "canary-in-the-log"
START = "mutation($id: ID!) { startExecution(executionId: $id) { execution { id } } }"
ENDED = "query($id: ID!) { execution(id: $id) { status } }"
SIGNAL = 'mutation($id: ID!, $p: JSON) { sendSignal(executionId: $id, name: "go", payload: $p) { execution { id } } }'


@pytest.fixture
def log() -> Iterator[StringIO]:
    """All that is logged, as a process would write it that says as much as it can."""
    written = StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield written
    root.removeHandler(handler)
    root.setLevel(level)


async def run(client: Client, *nodes: dict[str, object], **given: object) -> str:
    """An execution of nodes in a row that was let go."""
    edges = [{"from": f"{a['id']}.__success", "to": f"{b['id']}.__after"} for a, b in pairwise(nodes)]
    flow = await client.create_flow(nodes=list(nodes), edges=edges)
    execution = await client.create_execution(flow, **given)
    await client.ask(START, id=execution)
    return execution


async def ended(client: Client, execution: str) -> str:
    async def has_ended() -> bool:
        found = await client.ask(ENDED, id=execution)
        return found["execution"]["status"] in ("COMPLETED", "FAILED")

    await eventually(has_ended)
    return str((await client.ask(ENDED, id=execution))["execution"]["status"])


async def test_inputs_outputs_failures_signals_and_tokens_are_in_no_line(
    client: Client, worker: None, log: StringIO
) -> None:
    client.http.headers["authorization"] = f"Bearer {CANARY}"
    given = {"id": "given", "type": "flow.input", "inputs": {"name": "given", "schema": {"type": "string"}}}
    made = {"id": "made", "type": "text.split", "inputs": {"text": f"{CANARY},b", "separator": ","}}
    wait = {"id": "wait", "type": "signal.wait", "inputs": {"name": "go"}}
    passing = await run(client, given, made, wait, inputs={"given": CANARY})
    await client.ask(SIGNAL, id=passing, p={"secret": CANARY})
    failing = await run(client, {"id": "bad", "type": "json.parse", "inputs": {"text": CANARY}}, inputs={})
    assert [await ended(client, each) for each in (passing, failing)] == ["COMPLETED", "FAILED"]
    refused = await client.answer(SIGNAL, id="EX0", p=CANARY)
    assert refused["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    async with httpx.AsyncClient() as http:
        await http.post(client.server.url, json={"query": "{ viewer { id } }", "variables": {CANARY: CANARY}})
    assert log.getvalue().count("\n") > 10
    assert CANARY not in log.getvalue().lower()
