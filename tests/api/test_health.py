"""What an orchestrator is told: whether the API lives, and whether it can accept work."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest

from storage.readiness import Readiness
from tests.api.server import RunningServer, running_server


@pytest.fixture
async def http(server: RunningServer) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.at("/")) as opened:
        yield opened


async def enter_worker(connection: asyncpg.Connection, seconds_ago: int) -> None:
    """A worker whose last beat was some time ago."""
    await connection.execute(
        """insert into workers (id, host, pid, concurrency, takes_work, beat_at)
           values ('w', 'h', 1, 8, true, clock_timestamp() - make_interval(secs => $1))""",
        seconds_ago,
    )


async def test_a_process_that_lives_says_so(http: httpx.AsyncClient) -> None:
    assert (await http.get("/healthz")).json() == {"status": "ok"}


async def test_an_api_without_a_worker_accepts_work_and_is_degraded(http: httpx.AsyncClient) -> None:
    answer = await http.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "degraded",
        "checks": {
            "database": {"status": "ready", "reason": None},
            "migrations": {"status": "ready", "reason": None, "missing": [], "newer": []},
            "workers": {
                "status": "degraded",
                "reason": "There is no worker: what is created waits.",
                "secondsSinceBeat": None,
            },
        },
    }


async def test_an_api_with_a_worker_is_ready(http: httpx.AsyncClient, connection: asyncpg.Connection) -> None:
    await enter_worker(connection, 2)
    report = (await http.get("/readyz")).json()
    assert report["status"] == "ready"
    assert 2 <= report["checks"]["workers"]["secondsSinceBeat"] < 20


async def test_a_worker_that_is_silent_for_long_counts_as_none(
    http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await enter_worker(connection, 90)
    report = (await http.get("/readyz")).json()
    assert report["status"] == "degraded"
    assert report["checks"]["workers"]["reason"] == "No worker has beaten lately: what is created waits."


async def test_a_server_without_its_tables_is_not_ready(empty_database_url: str, redis_url: str) -> None:
    async with running_server(empty_database_url, redis_url) as server, httpx.AsyncClient() as http:
        answer = await http.get(server.at("/readyz"))
    assert answer.status_code == 503
    assert answer.json()["checks"]["migrations"]["missing"][0] == "0001_initial"


async def test_a_database_that_a_later_version_has_migrated_is_told_but_no_obstacle(
    http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await connection.execute("insert into schema_migrations (version, name, checksum) values (9000, '9000_next', '')")
    answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["migrations"]["newer"]) == (200, ["9000_next"])


async def test_a_database_that_refuses_makes_the_api_unready_and_its_text_is_kept_back(
    server: RunningServer, http: httpx.AsyncClient, connection: asyncpg.Connection
) -> None:
    await connection.execute("alter table schema_migrations rename to canary")
    await connection.execute("create view schema_migrations as select 1 / 0 as version, '' as name, '' as checksum")
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": {"status": "unready", "reason": "DivisionByZeroError"}}


async def test_a_database_that_hangs_is_not_waited_for(
    server: RunningServer, http: httpx.AsyncClient, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.readiness.LOOK_SECONDS", 0.05)
    async with connection.transaction():
        await connection.execute("lock table schema_migrations")
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["database"]["reason"] == "No answer within 0.05 s."


async def test_many_questions_cost_one_look(server: RunningServer, connection: asyncpg.Connection) -> None:
    """What changes between two of them is not seen: nobody has looked again."""
    readiness = Readiness(server.services.pool)
    first = await readiness.look()
    await enter_worker(connection, 1)
    assert await readiness.look() is first


async def test_a_server_that_shuts_down_is_not_ready(server: RunningServer, http: httpx.AsyncClient) -> None:
    """Asked on a connection that was open before: new ones are not taken any more."""
    await http.get("/healthz")
    [connection] = server.connections
    connection.app_state["stopping"].set()
    answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["process"]["reason"] == "It is shutting down."
