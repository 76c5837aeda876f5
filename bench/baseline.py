"""What the same Postgres does without Tidegate, in the same run."""

import time
from collections.abc import Awaitable, Callable

from bench.figures import Figure, rounded
from bench.stage import Stage

SECONDS = 2.0
BATCH = 100

TABLE = "create table baseline_rows (id bigserial primary key, type text, data text)"
ONE = "insert into baseline_rows (type, data) values ($1, $2)"
MANY = "insert into baseline_rows (type, data) select * from unnest($1::text[], $2::text[])"
ROW = ("NODE_COMPLETED", '{"nodeId":"n1","nodeType":"math.arithmetic","attempt":1,"outputs":{"result":3}}')


async def measure(stage: Stage) -> float:
    """Print single-row commits and batched rows per second on one connection; gives the latter."""
    async with stage.pool.acquire() as connection:
        await connection.execute(TABLE)
        one = await _rate(lambda: connection.execute(ONE, *ROW))
        columns = [list(column) for column in zip(*[ROW] * BATCH, strict=True)]
        many = BATCH * await _rate(lambda: connection.execute(MANY, *columns))
        await connection.execute("drop table baseline_rows")
    Figure("postgres_single_row_commits", rounded(one), "commits/s").print()
    Figure("postgres_rows_in_batches_of_100", rounded(many), "rows/s").print()
    return many


async def _rate(action: Callable[[], Awaitable[object]]) -> float:
    began, count = time.perf_counter(), 0
    while time.perf_counter() - began < SECONDS:
        await action()
        count += 1
    return count / (time.perf_counter() - began)
