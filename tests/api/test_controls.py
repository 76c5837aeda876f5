"""Step, breakpoints and signals over the API, without a worker: what is accepted, what is refused, and how."""

from dataclasses import replace

import asyncpg
import orjson
import pytest

from engine.events import FlowCancelled, FlowPaused, NodeFailed, NodeWaiting
from engine.records import ExecutionError
from engine.status import ErrorCode
from tests.api.client import DOUBLING, Client, Json
from tests.api.flows import APPROVAL, LISTENING, created
from tests.api.logs import FLOW_STARTED, append, started

SHOWN = "{ execution { status pendingCommands } }"
START = f"mutation($id: ID!) {{ startExecution(executionId: $id) {SHOWN} }}"
STOP = f"mutation($id: ID!) {{ stopExecution(executionId: $id) {SHOWN} }}"
PAUSE = f"mutation($id: ID!) {{ pauseExecution(executionId: $id) {SHOWN} }}"
RESUME = f"mutation($id: ID!) {{ resumeExecution(executionId: $id) {SHOWN} }}"
STEP = f"mutation($id: ID!) {{ stepExecution(executionId: $id) {SHOWN} }}"
SET = f"mutation($id: ID!, $nodes: [ID!]! = []) {{ setBreakpoints(executionId: $id, nodeIds: $nodes) {SHOWN} }}"
SIGNAL = f"""mutation($id: ID!, $name: String! = "approve", $payload: JSON) {{
  sendSignal(executionId: $id, name: $name, payload: $payload) {SHOWN} }}"""
PENDING = "query($id: ID!) { execution(id: $id) { pendingCommands } }"

FITS: Json = {"ok": True}


@pytest.fixture
async def execution(client: Client) -> str:
    """Not started; its flow waits for an approval."""
    return await created(client, APPROVAL)


async def refusal(client: Client, query: str, **variables: Json) -> tuple[str, Json]:
    """The message of an answer's error, and its extensions."""
    (error,) = (await client.answer(query, **variables))["errors"]
    return error["message"], error["extensions"]


async def pending(client: Client, execution: str) -> list[str]:
    commands: list[str] = (await client.ask(PENDING, id=execution))["execution"]["pendingCommands"]
    return commands


async def mail(connection: asyncpg.Connection, execution: str) -> list[Json]:
    """What came with the commands in the mailbox."""
    rows = await connection.fetch("select payload from mailbox where execution_id = $1 order by seq", execution)
    return [None if row["payload"] is None else orjson.loads(row["payload"]) for row in rows]


async def begin_to_wait(connection: asyncpg.Connection, execution: str) -> None:
    """Write the log of an execution whose node waits for the approval."""
    node = {"node_id": "ask", "node_type": "signal.wait"}
    begun = replace(started("ask"), node_type=node["node_type"], inputs={})
    await append(connection, execution, FLOW_STARTED, begun, NodeWaiting(**node, signal_name="approve"))


# --- in which status --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "query", "doing", "status"),
    [
        ([], PAUSE, "pause", "CREATED"),
        ([], RESUME, "resume", "CREATED"),
        ([], STEP, "step", "CREATED"),
        ([START], RESUME, "resume", "RUNNING"),
        ([START], STEP, "step", "RUNNING"),
        ([START, PAUSE], PAUSE, "pause", "PAUSED"),
        ([START, PAUSE, RESUME], STEP, "step", "RUNNING"),
        ([STOP], STEP, "step", "STOPPED"),
        ([STOP], SET, "set breakpoints in", "STOPPED"),
        ([STOP], SIGNAL, "send a signal to", "STOPPED"),
    ],
)
async def test_a_command_that_cannot_apply_is_refused_with_the_status_and_changes_nothing(
    client: Client, execution: str, before: list[str], query: str, doing: str, status: str
) -> None:
    for command in before:
        await client.ask(command, id=execution)
    message, extensions = await refusal(client, query, id=execution)
    assert message == f"Cannot {doing} an execution in status {status}"
    assert extensions == {"code": "INVALID_STATE", "status": status}
    assert len(await pending(client, execution)) == len(before)


async def test_commands_are_judged_as_if_those_before_them_had_been_applied(client: Client, execution: str) -> None:
    for command in (SET, START, SIGNAL, PAUSE, STEP, STEP, SET):
        answer = await client.ask(command, id=execution, payload=FITS)
        (shown,) = (payload["execution"] for payload in answer.values())
        assert shown["status"] == "CREATED"
    assert shown["pendingCommands"] == [
        "SET_BREAKPOINTS",
        "START",
        "SIGNAL",
        "PAUSE",
        "STEP",
        "STEP",
        "SET_BREAKPOINTS",
    ]


@pytest.mark.parametrize("before", [[], [START], [START, PAUSE]])
@pytest.mark.parametrize("query", [SET, SIGNAL])
async def test_breakpoints_and_signals_are_taken_until_the_end(
    client: Client, execution: str, before: list[str], query: str
) -> None:
    for command in before:
        await client.ask(command, id=execution)
    await client.ask(query, id=execution, payload=FITS)
    assert len(await pending(client, execution)) == len(before) + 1


async def test_the_status_of_the_log_counts_where_no_command_led_to_it(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED, FlowPaused(running_nodes=0))
    await connection.execute("update execution_heads set accepted_status = 'PAUSED'")
    answer = await client.ask(STEP, id=execution)
    assert answer["stepExecution"]["execution"] == {"status": "PAUSED", "pendingCommands": ["STEP"]}


@pytest.mark.parametrize("query", [PAUSE, RESUME, STEP, SET, SIGNAL])
async def test_an_unknown_execution_and_that_of_another_owner_are_not_found(
    client: Client, execution: str, connection: asyncpg.Connection, query: str
) -> None:
    await connection.execute("update executions set owner_id = 'somebody'")
    for id in ("EX0000000000000000", execution):
        assert await refusal(client, query, id=id) == ("There is no such execution.", {"code": "NOT_FOUND"})


async def test_what_a_parent_has_told_is_pending_too(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await client.ask(SIGNAL, id=execution, payload=FITS)
    told = "insert into inbox (execution_id, kind) select $1, kind from unnest($2::text[]) as kind"
    await connection.execute(told, execution, ["PAUSE", "CHILD_ENDED", "RESUME", "STOP"])
    assert await pending(client, execution) == ["SIGNAL", "PAUSE", "RESUME", "STOP"]


# --- breakpoints ------------------------------------------------------------------------------------------------------


async def test_breakpoints_are_kept_once_each(client: Client, execution: str, connection: asyncpg.Connection) -> None:
    await client.ask(SET, id=execution, nodes=["out", "ask", "out"])
    await client.ask(SET, id=execution, nodes=[])
    assert await mail(connection, execution) == [{"nodeIds": ["out", "ask"]}, {"nodeIds": []}]


async def test_a_breakpoint_at_a_node_that_the_flow_does_not_have_is_named_by_its_place(
    client: Client, execution: str
) -> None:
    message, extensions = await refusal(client, SET, id=execution, nodes=["ask", "nowhere"])
    assert (message, extensions) == ("The flow has no such node.", {"code": "BAD_USER_INPUT", "field": "nodeIds.1"})
    assert await pending(client, execution) == []


async def test_breakpoints_that_an_execution_is_created_with_are_its_options(client: Client) -> None:
    execution = await created(client, APPROVAL, options={"breakpoints": ["out", "ask"]})
    found = await client.ask("query($id: ID!) { execution(id: $id) { options { breakpoints } } }", id=execution)
    assert found["execution"]["options"]["breakpoints"] == ["out", "ask"]


# --- signals ----------------------------------------------------------------------------------------------------------


async def test_a_signal_comes_with_its_name_and_payload(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    payload = {"ok": True, "b": [1e16, -0.0, 2**63 - 1], "a": None}
    await client.ask(SIGNAL, id=execution, payload=payload)
    await client.ask(SIGNAL, id=execution)
    first, second = await mail(connection, execution)
    assert repr(first) == repr({"name": "approve", "payload": payload})
    assert second == {"name": "approve", "payload": None}


@pytest.mark.parametrize(
    ("parts", "name", "message"),
    [
        (APPROVAL, "aprove", "The flow has no signal.wait for 'aprove'. Did you mean 'approve'?"),
        (APPROVAL, "x", "The flow has no signal.wait for 'x'."),
        (APPROVAL, "", "The flow has no signal.wait for ''."),
        (APPROVAL, "x" * 500, f"The flow has no signal.wait for '{'x' * 100}'."),
        (LISTENING, "order", "The flow has no signal.wait for 'order'."),
    ],
)
async def test_a_signal_that_the_flow_never_waits_for_is_refused(
    client: Client, parts: Json, name: str, message: str
) -> None:
    execution = await created(client, parts)
    expected = (message, {"code": "BAD_USER_INPUT", "field": "name"})
    assert await refusal(client, SIGNAL, id=execution, name=name, payload=FITS) == expected
    assert await pending(client, execution) == []


@pytest.mark.parametrize("payload", [float("nan"), float("inf"), {"ok": True, "text": "\x00"}, ["\ud800"], 2**64])
async def test_a_payload_that_cannot_be_stored_is_refused(client: Client, execution: str, payload: Json) -> None:
    _, extensions = await refusal(client, SIGNAL, id=execution, payload=payload)
    assert extensions == {"code": "BAD_USER_INPUT", "field": "payload"}
    assert await pending(client, execution) == []


async def test_a_payload_that_does_not_fit_is_refused_while_the_node_waits(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await begin_to_wait(connection, execution)
    message, extensions = await refusal(client, SIGNAL, id=execution, payload={"ok": "yes"})
    assert message.startswith("The payload does not fit: $.ok")
    assert extensions == {"code": "BAD_USER_INPUT", "field": "payload"}
    assert await pending(client, execution) == []
    await client.ask(SIGNAL, id=execution, payload=FITS)
    assert await pending(client, execution) == ["SIGNAL"]


async def test_a_payload_that_does_not_fit_is_taken_before_the_wait_and_left_to_the_log(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await append(connection, execution, FLOW_STARTED)
    await client.ask(SIGNAL, id=execution, payload={"ok": "yes"})
    assert await pending(client, execution) == ["SIGNAL"]


async def test_a_misfit_for_an_ended_execution_is_refused_for_its_status(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await begin_to_wait(connection, execution)
    cancelled = ExecutionError(code=ErrorCode.CANCELLED, message="The execution ended.", node_id="ask")
    over = NodeFailed(node_id="ask", node_type="signal.wait", attempt=1, error=cancelled, execution_time=0)
    await append(connection, execution, over, FlowCancelled(execution_time=0))
    await connection.execute("update execution_heads set accepted_status = 'STOPPED'")
    _, extensions = await refusal(client, SIGNAL, id=execution, payload={"ok": "yes"})
    assert extensions == {"code": "INVALID_STATE", "status": "STOPPED"}


@pytest.mark.parametrize(
    "command",
    [
        "stopExecution(executionId: $id, reason: $reason) { execution { id } }",
        "pauseExecution(executionId: $id, reason: $reason) { execution { id } }",
        "stopExecutions(filter: {parentExecutionId: $id}, reason: $reason) { hasMore }",
        "pauseExecutions(filter: {parentExecutionId: $id}, reason: $reason) { hasMore }",
    ],
)
async def test_a_reason_is_a_short_text(client: Client, execution: str, command: str) -> None:
    ask = f"mutation($id: ID!, $reason: String) {{ {command} }}"
    for reason in ("x" * 2_001, "a\0b"):
        _, extensions = await refusal(client, ask, id=execution, reason=reason)
        assert extensions == {"code": "BAD_USER_INPUT", "field": "reason"}
    assert await pending(client, execution) == []


async def test_signals_that_no_worker_applies_are_refused_when_there_are_too_many(
    client: Client, execution: str, connection: asyncpg.Connection
) -> None:
    await connection.execute(
        "insert into mailbox (execution_id, seq, command, payload) select $1, n, 'SIGNAL', $2 "
        "from generate_series(1, 1000) as n",
        execution,
        '{"name": "approve", "payload": {"ok": true}}',
    )
    await connection.execute("update execution_heads set mailbox_seq = 1000")
    message, extensions = await refusal(client, SIGNAL, id=execution, payload=FITS)
    assert message == f"Too many commands for {execution} wait to be applied by a worker."
    assert extensions == {"code": "RATE_LIMITED", "retryAfterMs": 1000}
    answer = (await client.ask(STOP, id=execution))["stopExecution"]["execution"]
    assert answer["pendingCommands"][-1] == "STOP"


async def test_a_flow_that_waits_for_nothing_takes_breakpoints(client: Client) -> None:
    execution = await client.create_execution(await client.create_flow())
    await client.ask(SET, id=execution, nodes=[node["id"] for node in DOUBLING["nodes"]])
    assert await pending(client, execution) == ["SET_BREAKPOINTS"]
