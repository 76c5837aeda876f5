"""How Postgres goes about the queries that run often, or over tables that grow without bound.

Plans are generic, as they are once a connection has prepared a query and used it a few times; but limits are known:
Postgres takes an unknown one for a tenth of the table, finds the plan dear and keeps to plans that know it.
"""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from storage.queries import load

HOT = [
    ("access", "granted"),
    ("access", "lost"),
    ("append", "append"),
    ("append", "append_in_family"),
    ("capability", "left_to_others"),
    ("capability", "without_capable_worker"),
    ("claims", "claim"),
    ("claims", "claim_within_limits"),
    ("claims", "next_within_limits"),
    ("claims", "claim_errands"),
    ("claims", "take_over"),
    ("claims", "held"),
    ("claims", "wake_due"),
    ("claims", "next_due"),
    ("claims", "release_all"),
    ("commands", "send"),
    ("commands", "send_to_many"),
    ("commands", "judge"),
    ("commands", "pending"),
    ("commands", "unapplied"),
    ("commands", "with_mail"),
    ("events", "read_events"),
    ("events", "read_chunks"),
    ("events", "read_page"),
    ("events", "read_news"),
    ("events", "log_ends"),
    ("executions", "create_execution"),
    ("executions", "execution_by_idempotency_key"),
    ("executions", "executions_by_id"),
    ("executions", "seen_execution"),
    ("executions", "list_children"),
    ("executions", "list_tree"),
    ("executions", "labels_of"),
    ("figures", "figures"),
    ("flows", "update_flow"),
    ("flows", "lock_flow"),
    ("flows", "has_unfinished_executions"),
    ("flows", "flows_by_id"),
    ("flows", "flow_versions_by_id"),
    ("flows", "list_flows"),
    ("flows", "list_all_flows"),
    ("flows", "list_flow_versions"),
    ("flows", "version_at"),
    ("inbox", "read_inbox"),
    ("inbox", "wake"),
    ("inbox", "wake_family"),
    ("lists", "list_matching"),
    ("lists", "ids_matching"),
    ("lists", "rarest"),
    ("lists", "tree_sizes"),
    ("payloads", "load_payloads"),
    ("roots", "roots_by_id"),
    ("roots", "current_roots"),
    ("schedules", "count_of_owner"),
    ("schedules", "schedules_by_id"),
    ("schedules", "list_schedules"),
    ("schedules", "list_all_schedules"),
    ("schedules", "list_schedules_of_flow"),
    ("schedules", "due_schedules"),
    ("schedules", "seconds_to_next"),
    ("schedules", "lock_due"),
    ("traces", "origin"),
    ("traces", "origins_of_commands"),
    ("trees", "tree_snapshot"),
    ("trees", "extend_tree"),
    ("trees", "stamp_before"),
    ("trees", "read_tree"),
    ("trees", "open_members"),
    ("trees", "tree_news"),
    ("trees", "whole_tree"),
    ("webhooks", "count_of_owner"),
    ("webhooks", "webhooks_by_id"),
    ("webhooks", "list_webhooks"),
    ("webhooks", "receiver"),
]
"""File and name of each."""

SORT_FREE = [
    ("schedules", "list_all_schedules"),
    ("schedules", "list_schedules_of_flow"),
    ("webhooks", "list_webhooks"),
    ("events", "read_events"),
    ("events", "read_chunks"),
    ("executions", "list_children"),
    ("executions", "list_tree"),
    ("flows", "list_flows"),
    ("flows", "list_all_flows"),
]
"""Pages of long lists, which an index gives in order."""

LARGE = """
insert into flows (id, owner_id, name, latest_version)
select 'FL' || n, 'owner' || n % 2, 'Flow ' || n, 1 from generate_series(1, 2000) as n;

insert into flow_versions (flow_id, version, name, document) select id, 1, name, '{}' from flows;

insert into executions (
    id, flow_id, flow_version, owner_id, root_id, parent_id, depth, inputs, port_values, options, idempotency_key,
    status, completed_at, outputs
)
select 'EX' || n, 'FL' || root % 2000 + 1, 1, 'owner' || (root % 2000 + 1) % 2, 'EX' || root,
    case when n <> root then 'EX' || root end, (n <> root)::integer, '{}', '[]', '{}', case when n = root then n end,
    case when n % 20 > 0 then 'COMPLETED' else 'CREATED' end, case when n % 20 > 0 then now() end,
    case when n % 20 > 0 then '{}' end
from generate_series(0, 19999) as n, lateral (select n - n % 2) as family (root);

update executions set owner_id = 'guest', flow_owner_id = owner_id where root_id like '%6' and parent_id is null;
insert into flow_grants (flow_id, user_id, role)
select id, 'user' || (substr(id, 3)::integer + n) % 500, 'VIEWER' from flows, generate_series(1, 5) as n;

insert into execution_heads (execution_id, last_index) select id, 4 from executions;
insert into execution_events (execution_id, index, type, timestamp, data)
select id, index, 'NODE_STARTED', now(), '{}' from executions, generate_series(-1, 4) as index;
insert into payloads (root_id, id, text) select id, md5(id), '1' from executions where id = root_id;
insert into mailbox (execution_id, seq, command, applied)
select id, 1, 'START', completed_at is not null from executions;
insert into queue (execution_id, owner_id, flow_id, flow_version, log_format, priority, worker_id)
select id, owner_id, flow_id, flow_version, log_format, 0,
    case when right(id, 1) = '0' then 'worker' || right(id, 2) end
from executions;
insert into labels (root_id, name, value, position, owner_id)
select id, name, value, 1, owner_id
from executions, lateral (values ('environment', 'prod'), ('customer', id)) as label (name, value)
where id = root_id;
insert into inbox (execution_id, kind) select id, 'PAUSE' from executions;
insert into child_budgets (root_id, used) select id, 1 from executions where id = root_id;
insert into tree_heads (root_id, length) select id, 12 from executions where id = root_id;
insert into tree_members (root_id, execution_id, covered, ended)
select root_id, id, 4, completed_at is not null from executions;
insert into tree_log (root_id, seq, stamp, execution_id, from_index, to_index)
select root_id, 6 * depth, 1, id, -1, 4 from executions;
insert into traces (execution_id, seq, root_id, traceparent) select id, seq, root_id, '' from executions,
    generate_series(0, 1) as seq;
insert into schedules (id, flow_id, owner_id, cron, time_zone, catch_up, inputs, next_fire_at)
select 'SC' || n, 'FL' || n % 2000 + 1, 'owner' || n % 50, '* * * * *', 'UTC', 'ALL', '{}',
    now() + n * interval '1 second'
from generate_series(1, 20000) as n;
insert into webhooks (id, flow_id, owner_id, event_name, signing_key)
select 'WH' || n, 'FL' || n % 2000 + 1, 'owner' || n % 50, 'placed', 'key' from generate_series(1, 20000) as n;
insert into timers (execution_id, due_at)
select id, now() + substr(id, 3)::integer * interval '1 second' from executions;
"""

EXPLAIN = """
create function explain_generic(query text) returns json language plpgsql as $$
declare plan json;
begin
    execute 'explain (generic_plan, format json) ' || query into plan;
    return plan;
end $$;
"""

SMALL_TABLES = {"workers", "declined"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def explainer(shared_database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database with large tables."""
    connection = await asyncpg.connect(shared_database_url)
    await connection.execute(LARGE + EXPLAIN)
    await connection.execute("vacuum analyze")
    yield connection
    await connection.close()


async def steps(explainer: asyncpg.Connection, file: str, name: str) -> list[dict[str, Any]]:
    """Every step of a query's plan."""
    text = await explainer.fetchval("select explain_generic($1)", _query(file, name))
    return list(_steps(orjson.loads(text)[0]["Plan"]))


def _query(file: str, name: str) -> str:
    return re.sub(r"limit \$\d+", "limit 10", load(file)[name].rstrip(";"))


def _sorted_wholes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """The tables of rows that are sorted, but for pages of them, which are short, and for lists of grants."""
    return [scan for step in _steps(plan) if "Sort" in step["Node Type"] for scan in _unlimited_scans(step)]


def _unlimited_scans(plan: dict[str, Any]) -> list[dict[str, Any]]:
    if plan["Node Type"] == "Limit" or plan.get("Relation Name") == "flow_grants":
        return []
    below = [scan for step in plan.get("Plans", []) for scan in _unlimited_scans(step)]
    return [plan, *below] if "Relation Name" in plan else below


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", []):
        yield from _steps(below)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("file", "name"), HOT)
async def test_no_large_table_is_read_from_end_to_end(explainer: asyncpg.Connection, file: str, name: str) -> None:
    scanned = {
        step["Relation Name"]
        for step in await steps(explainer, file, name)
        if step["Node Type"] == "Seq Scan" and step["Relation Name"] not in SMALL_TABLES
    }
    assert not scanned


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("file", "name"), SORT_FREE)
async def test_a_page_of_a_long_list_comes_sorted_from_an_index(
    explainer: asyncpg.Connection, file: str, name: str
) -> None:
    text = await explainer.fetchval("select explain_generic($1)", _query(file, name))
    assert not _sorted_wholes(orjson.loads(text)[0]["Plan"])


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", ["list_matching", "ids_matching"])
async def test_each_way_to_what_matches_goes_down_an_index_of_its_own_and_sorts_no_more_than_pages(
    explainer: asyncpg.Connection, name: str
) -> None:
    ways = [step for step in await steps(explainer, "lists", name) if step["Node Type"] == "Limit"][1:]
    below = [list(_steps(way)) for way in ways]
    assert not [step for steps_of_way in below for step in steps_of_way if "Sort" in step["Node Type"]]
    indexes = [{step.get("Index Name") for step in steps_of_way} for steps_of_way in below]
    expected = ["executions_by_parent", "labels_by_value", "failed_roots", "roots_by_flow", "roots_by_owner"]
    expected += ["roots_by_flow_owner", "roots_by_flow", "root_executions"]
    assert [index in used for index, used in zip(expected, indexes, strict=True)] == [True] * 8


@pytest.mark.asyncio(loop_scope="module")
async def test_the_read_of_one_execution_is_planned_a_few_times_and_no_more(explainer: asyncpg.Connection) -> None:
    for number in range(20):
        await explainer.fetch(load("executions")["seen_execution"], "owner1", False, f"EX{number}")
    plans = await explainer.fetchrow(
        "select generic_plans, custom_plans from pg_prepared_statements where statement = $1",
        load("executions")["seen_execution"],
    )
    assert (plans["generic_plans"], plans["custom_plans"]) == (15, 5)


@pytest.mark.asyncio(loop_scope="module")
async def test_schedules_that_are_not_due_are_not_looked_at(explainer: asyncpg.Connection) -> None:
    conditions = [step.get("Index Cond", "") for step in await steps(explainer, "schedules", "due_schedules")]
    assert any("next_fire_at <=" in condition for condition in conditions)


@pytest.mark.asyncio(loop_scope="module")
async def test_timers_that_are_not_due_are_not_looked_at(explainer: asyncpg.Connection) -> None:
    conditions = [step.get("Index Cond", "") for step in await steps(explainer, "claims", "wake_due")]
    assert any("due_at <=" in condition for condition in conditions)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_missing_index_would_be_noticed(explainer: asyncpg.Connection) -> None:
    undone = explainer.transaction()
    await undone.start()
    await explainer.execute("drop index executions_by_root")
    plan = await steps(explainer, "executions", "list_tree")
    await undone.rollback()
    assert "Seq Scan" in {step["Node Type"] for step in plan}
