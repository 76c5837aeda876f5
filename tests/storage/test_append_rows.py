"""What an append touches: the narrow head within its page, and nothing wide or indexed (durability rule 13)."""

import asyncpg

from storage.append import Member, append
from storage.flows import FlowRow
from storage.pool import Connection
from tests.storage.appends import claimed, ending, logs, member

UPDATES = """
select relname, n_tup_upd as updated, n_tup_hot_upd as hot from pg_stat_user_tables
where relname = any (array['execution_heads', 'executions', 'queue', 'mailbox', 'timers'])
"""


async def updates(connection: Connection) -> dict[str, tuple[int, int]]:
    """How many rows of each table were updated so far, and how many of those within their page."""
    await connection.execute("select pg_stat_force_next_flush()")
    return {row["relname"]: (row["updated"], row["hot"]) for row in await connection.fetch(UPDATES)}


async def test_an_append_updates_the_head_alone_and_within_its_page(connection: Connection, flow: FlowRow) -> None:
    claims = await claimed(connection, flow, 20)
    before = await updates(connection)
    for turn in range(30):
        batch: list[Member] = [member(each, logs(turn), expected_index=turn - 1) for each in claims]
        await append(connection, batch)
    after = await updates(connection)
    changed = {table: after[table][0] - before[table][0] for table in after if after[table] != before[table]}
    assert changed == {"execution_heads": 600}
    hot = after["execution_heads"][1] - before["execution_heads"][1]
    assert hot >= 0.9 * 600


async def test_the_wide_row_is_updated_only_when_the_status_changes(connection: Connection, flow: FlowRow) -> None:
    [own] = await claimed(connection, flow)
    before = await updates(connection)
    await append(connection, [ending(own, "STOPPED")])
    after = await updates(connection)
    assert after["executions"][0] - before["executions"][0] == 1


async def test_ids_sort_by_their_bytes(pool: asyncpg.Pool) -> None:
    query = """select table_name || '.' || column_name from information_schema.columns
        where table_schema = 'public' and data_type = 'text' and collation_name is distinct from 'C'
        and (column_name like '%_id' or column_name = 'id') and column_name <> 'node_id'"""
    assert [row[0] for row in await pool.fetch(query)] == []


async def test_a_head_has_no_index_but_its_key(pool: asyncpg.Pool) -> None:
    indexes = await pool.fetch("select indexname from pg_indexes where tablename = 'execution_heads'")
    assert [row["indexname"] for row in indexes] == ["execution_heads_pkey"]
