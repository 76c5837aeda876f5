"""Lists among a million executions: a page has to cost what is on it, not what there is."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil

from bench.asker import ask_all
from bench.client import OWNER
from bench.figures import Figure, percentile, rounded
from bench.stage import Stage, serving
from engine.labels import Label
from engine.status import ExecutionCommand, ExecutionStatus
from resolvers.executions import ROOT_CURSOR
from schema.paging import encode_cursor
from storage.access import Reader
from storage.bulk import UNFINISHED
from storage.commands import RULES
from storage.lists import ExecutionFilter, ids_matching, list_matching, tree_sizes
from storage.pool import Connection

MILLION = Path(__file__).with_name("million.sql")
LOAD_SECONDS = 1_800.0
PAGE = 51
READER = Reader(OWNER)
TRIES = 5

ALL_FAIL = """
update executions set status = 'FAILED', completed_at = created_at, outputs = null,
    error = '{"code":"NODE","message":"The service gave the answer ' || md5(id) || '","nodeId":"n"}'
"""
ALL_RUN = "update executions set status = 'RUNNING', completed_at = null, outputs = null, error = null"
HEADS_RUN = "update execution_heads set accepted_status = 'RUNNING'"

INDEXES = """
select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
from pg_index
where indrelid = any ('{executions, execution_heads, labels}'::regclass[])
    and not exists (select from pg_constraint where conindid = indexrelid)
"""
QUICKLY = "set local session_replication_role = replica; set local maintenance_work_mem = '256MB'"

MIDDLE = "select id from executions where owner_id = $1 and parent_id is null order by id offset 315000 limit 1"

PROD, CUSTOMER = Label("environment", "prod"), Label("customer", "42")
MONDAY, TUESDAY = datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC)
PAUSED = [ExecutionStatus.PAUSED]

FILTERS = {
    "all": ExecutionFilter(),
    "of_a_flow": ExecutionFilter(flow_id="FL7"),
    "of_a_day": ExecutionFilter(created_after=MONDAY, created_before=TUESDAY),
    "in_a_rare_status": ExecutionFilter(statuses=PAUSED),
    "with_a_common_label": ExecutionFilter(labels=[PROD]),
    "with_a_common_and_a_rare_label": ExecutionFilter(labels=[PROD, CUSTOMER]),
    "with_a_common_label_in_a_rare_status": ExecutionFilter(labels=[PROD], statuses=PAUSED),
    "with_a_label_that_none_has": ExecutionFilter(labels=[Label("customer", "nobody")]),
    "with_an_error": ExecutionFilter(has_error=True),
    "with_an_error_that_none_of_9000_has": ExecutionFilter(error_contains="nowhere"),
}

Asking = Callable[[], Awaitable[object]]


PAGE_OF_ROOTS = """query Page($after: String) { rootExecutions(first: 50, after: $after) {
  edges { cursor node { levels totalNested execution {
    id status createdAt startedAt completedAt failedNodeCount error { code message }
    flow { id name } labels { name value } } } }
  pageInfo { hasNextPage endCursor } } }"""
"""What a console shows of a list."""

REQUESTS = 200


async def measure(stage: Stage) -> None:
    """Print how long pages take, and the slowest there is: to find nothing in so many errors, or among all that run."""
    async with stage.pool.acquire() as connection:
        began = time.perf_counter()
        await _load(connection, MILLION.read_text(encoding="utf-8"))
        Figure("load_million", rounded(time.perf_counter() - began), "s").print()
        await _serve(stage, await connection.fetchval(MIDDLE, OWNER))
        for name, filter in FILTERS.items():
            await _time(f"list_million_{name}", partial(list_matching, connection, READER, filter, limit=PAGE), "<= 50")
        roots = [row.id for row in await list_matching(connection, READER, ExecutionFilter(), limit=PAGE)]
        await _time("list_million_sizes_of_trees", partial(tree_sizes, connection, roots), "<= 50")
        await _load(connection, ALL_FAIL)
        nothing = ExecutionFilter(error_contains="nowhere")
        await _time("list_million_failed_none_matches", partial(list_matching, connection, READER, nothing, limit=PAGE))
        await _load(connection, f"{ALL_RUN}; {HEADS_RUN}")
        await _time("choose_million_running_none_paused", partial(_resumable, connection))


async def _serve(stage: Stage, middle: str) -> None:
    """Print how long a client waits for a page over HTTP: the first one, and one in the middle of the list."""
    async with serving(stage) as (url, _):
        for name, after in {"first_page": None, "page_in_the_middle": encode_cursor(ROOT_CURSOR, middle)}.items():
            await ask_all(url, PAGE_OF_ROOTS, {"after": after}, connections=1, each=20)
            times = await ask_all(url, PAGE_OF_ROOTS, {"after": after}, connections=1, each=REQUESTS)
            load = f"load {psutil.getloadavg()[0]:.1f}"
            Figure(f"http_million_{name}_p50", rounded(percentile(times, 0.5) * 1000), "ms", note=load).print()
            Figure(f"http_million_{name}_p95", rounded(percentile(times, 0.95) * 1000), "ms", "<= 30").print()


async def _load(connection: Connection, sql: str) -> None:
    """Write very many rows, without looking after indexes and references row by row."""
    indexes = await connection.fetch(INDEXES)
    async with connection.transaction():
        await connection.execute(QUICKLY)
        for index in indexes:
            await connection.execute(f"drop index {index['name']}")
        await connection.execute(sql, timeout=LOAD_SECONDS)
        for index in indexes:
            await connection.execute(index["definition"], timeout=LOAD_SECONDS)
    await connection.execute("vacuum analyze", timeout=LOAD_SECONDS)


async def _resumable(connection: Connection) -> object:
    accepted = RULES[ExecutionCommand.RESUME].accepted_in
    return await ids_matching(connection, READER, ExecutionFilter(statuses=UNFINISHED), limit=101, accepted=accepted)


async def _time(name: str, ask: Asking, target: str | None = None) -> None:
    """Print the slowest of some tries after a first one, which reads what was on disk."""
    await ask()
    slowest = 0.0
    for _ in range(TRIES):
        began = time.perf_counter()
        await ask()
        slowest = max(slowest, time.perf_counter() - began)
    Figure(name, rounded(slowest * 1000), "ms", target).print()
