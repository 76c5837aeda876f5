"""Holding statements up in the middle, so that a test can put another one there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from tests.eventually import eventually

NUMBERS = count(1)

PAUSE = """
create function pause_{number}() returns trigger language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared({number});
    return coalesce(new, old);
end $$;
create trigger pause_{number} before {operation} on {table} for each row execute function pause_{number}();
"""

WAITING = """
select count(*) from pg_locks where locktype = 'advisory' and objid = $1 and not granted
    and database = (select oid from pg_database where datname = current_database())
"""


class Pause:
    """Statements that have come to the paused place stay there, with the locks that they have, until `end`."""

    def __init__(self, connection: asyncpg.Connection, number: int) -> None:
        self._connection = connection
        self._number = number
        self._ended = False

    async def reached(self, times: int = 1) -> None:
        """Wait until so many statements are held up."""

        async def held_up() -> bool:
            return bool(await self._connection.fetchval(WAITING, self._number) >= times)

        await eventually(held_up)

    async def end(self) -> None:
        """Let them go on, and all that come later."""
        if not self._ended:
            self._ended = True
            await self._connection.execute("select pg_advisory_unlock($1)", self._number)


@asynccontextmanager
async def paused(url: str, operation: str, table: str) -> AsyncIterator[Pause]:
    """Pause every statement that comes to insert, update or delete a row of a table."""
    connection = await asyncpg.connect(url)
    try:
        number = next(NUMBERS)
        await connection.execute("select pg_advisory_lock($1)", number)
        await connection.execute(PAUSE.format(number=number, operation=operation, table=table))
        pause = Pause(connection, number)
        yield pause
        await pause.end()
    finally:
        await connection.close()


LATE = """
create schema late_{number};
create function late_{number}.compare(a {kind}, b {kind}) returns boolean language plpgsql as $$
begin
    perform pg_advisory_xact_lock_shared({number});
    return a operator(pg_catalog.{operator}) b;
end $$;
create operator late_{number}.{operator} (leftarg = {kind}, rightarg = {kind}, function = late_{number}.compare);
"""


@asynccontextmanager
async def late(url: str, operator: str, kind: str) -> AsyncIterator[tuple[asyncpg.Connection, Pause]]:
    """A connection whose statements are held up where they compare: after their snapshot, before they lock a row."""
    connection, blocker = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        number = next(NUMBERS)
        await blocker.execute("select pg_advisory_lock($1)", number)
        await connection.execute(LATE.format(number=number, operator=operator, kind=kind))
        await connection.execute(f"set search_path = late_{number}, pg_catalog, public")
        pause = Pause(blocker, number)
        yield connection, pause
        await pause.end()
    finally:
        await connection.close()
        await blocker.close()


@asynccontextmanager
async def locked(url: str, execution_id: str) -> AsyncIterator[None]:
    """Hold the lock of an execution's head, as a client does that froze in the middle of a transaction."""
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction():
            held = await connection.fetchval(
                "select execution_id from execution_heads where execution_id = $1 for no key update", execution_id
            )
            assert held == execution_id
            yield
    finally:
        await connection.close()
