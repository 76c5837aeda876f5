"""One read finds an execution and all that is shown beside it, as reads of each would."""

from engine.labels import Label
from engine.status import ExecutionCommand
from storage.access import Reader
from storage.commands import pending_commands, send_command
from storage.executions import executions_by_id, labels_of
from storage.flows import FlowRow, delete_flow, flows_by_id
from storage.pool import Connection
from storage.seen_executions import seen_execution
from tests.storage.seeds import create

ADA, EVE, BOSS = Reader("ada"), Reader("eve"), Reader("boss", sees_all=True)
TELL = "insert into inbox (execution_id, kind) select $1, unnest('{CHILD_ENDED,PAUSE}'::text[])"


async def test_what_is_beside_an_execution_is_what_is_read_of_it_by_itself(
    connection: Connection, flow: FlowRow
) -> None:
    labels = [Label("env", "prod"), Label("customer", "42")]
    root = await create(connection, flow, labels=labels)
    guest = await create(connection, flow, owner_id="eve")
    child = await create(connection, flow, root_id=root.id, parent_id=root.id, depth=1)
    await send_command(connection, child.id, ExecutionCommand.START)
    await connection.execute(TELL, child.id)
    for reader in (ADA, EVE, BOSS):
        ids = [root.id, guest.id, child.id]
        expected = await executions_by_id(connection, reader, ids)
        flows = await flows_by_id(connection, reader, [flow.id])
        pending, labelled = await pending_commands(connection, ids), await labels_of(connection, ids)
        for id in ids:
            seen = await seen_execution(connection, reader, id)
            assert (seen is not None) == (id in expected)
            if seen:
                assert (seen.row, seen.access) == (expected[id].row, expected[id].access)
                assert seen.beside.flow == flows.get(flow.id)
                assert seen.beside.pending == pending[id]
                assert seen.beside.labels == labelled[seen.row.root_id]
    assert pending[child.id] == [ExecutionCommand.START, ExecutionCommand.PAUSE]
    assert labelled[root.id] == labels


async def test_a_deleted_flow_is_not_beside_its_executions(connection: Connection, flow: FlowRow) -> None:
    row = await create(connection, flow)
    await connection.execute("update executions set status = 'STOPPED', completed_at = now()")
    await delete_flow(connection, flow_id=flow.id, owner_id="ada")
    seen = await seen_execution(connection, ADA, row.id)
    assert seen
    assert seen.beside.flow is None
    assert await seen_execution(connection, ADA, "EX1") is None


async def test_an_execution_that_starts_at_once_is_as_one_that_was_started(
    connection: Connection, flow: FlowRow
) -> None:
    started, starting = await create(connection, flow), await create(connection, flow, starts=True)
    await send_command(connection, started.id, ExecutionCommand.START)
    for table, but in (("execution_heads", "updated_at"), ("mailbox", "accepted_at"), ("queue", "ready_at")):
        rows = await connection.fetch(f"select to_jsonb(t) - 'execution_id' - '{but}' from {table} t")
        assert len(rows) == 2
        assert rows[0] == rows[1], table
    assert starting.status == started.status
