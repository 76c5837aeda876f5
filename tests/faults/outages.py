"""Postgres and Valkey away, frozen, killed, or back with what they had before."""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from redis.asyncio import Redis

from tests.eventually import eventually
from tests.faults.scene import FIRES_WITHIN, Fault, Scene

OUTAGE_SECONDS = 3.0
TERMINATE = """select count(pg_terminate_backend(pid)) from pg_stat_activity
    where application_name like $1 and random() < $2"""


def _postmaster(scene: Scene) -> int:
    """The process of the server, as it says itself in its data folder."""
    (found,) = Path(scene.stage.folder, "postgres", "data").glob("postmaster.pid")
    return int(found.read_text().split("\n", 1)[0])


def _valkey(scene: Scene) -> psutil.Process:
    """The stage's own Valkey: the tests may have started another one in this process."""
    port = urlsplit(scene.stage.valkey.url).port
    own = psutil.Process().children(recursive=True)
    servers = [process for process in own if process.name().startswith("valkey-server")]
    return next(server for server in servers if port in {each.laddr.port for each in server.net_connections("tcp")})


async def restart_postgres(number: signal.Signals, seconds: float, scene: Scene) -> None:
    """The database server is stopped (SIGINT: in order, SIGQUIT: at once) and comes back after a while."""
    await scene.is_under_load()
    os.kill(_postmaster(scene), number)
    await eventually(lambda: not scene.stage.postgres.running, within=FIRES_WITHIN)
    scene.fired += 1
    await asyncio.sleep(seconds)
    await scene.stage.postgres.start()


async def freeze_postgres(scene: Scene) -> None:
    """Every process of the database server stands still for a while: nothing fails, and nothing answers."""
    await scene.is_under_load()
    family = [psutil.Process(_postmaster(scene)), *psutil.Process(_postmaster(scene)).children()]
    for process in family:
        process.suspend()
    scene.fired += 1
    await asyncio.sleep(OUTAGE_SECONDS)
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.resume()


async def terminate_backends(pattern: str, share: float, scene: Scene) -> None:
    """Connections are terminated at random under load."""
    await scene.is_under_load(0.1)
    for _ in range(10):
        scene.fired += await scene.stage.pool.fetchval(TERMINATE, pattern, share)
        await asyncio.sleep(0.15)


Harm = Callable[[Scene], Coroutine[Any, Any, None]]


async def harm_valkey(harm: Harm, scene: Scene) -> None:
    """Something happens to Valkey under load."""
    await scene.is_under_load()
    await harm(scene)
    scene.fired += 1


async def flush(scene: Scene) -> None:
    """It forgets everything, again and again."""
    async with Redis.from_url(scene.stage.valkey.url) as client:
        for _ in range(20):
            await client.flushall()
            await asyncio.sleep(0.05)


async def kill_valkey(scene: Scene) -> None:
    """It is killed, and comes back empty."""
    _valkey(scene).kill()
    await eventually(lambda: not scene.stage.valkey.running)
    await asyncio.sleep(1.0)
    await scene.stage.valkey.start()


async def freeze_valkey(scene: Scene) -> None:
    """It stands still for longer than anybody waits for an answer."""
    process = _valkey(scene)
    async with AsyncExitStack() as stack:
        process.suspend()
        stack.callback(process.resume)
        await asyncio.sleep(2 * OUTAGE_SECONDS)


async def restore_valkey(scene: Scene) -> None:
    """It is killed, and comes back with what it had some time before."""
    async with Redis.from_url(scene.stage.valkey.url) as client:
        await client.save()
    await asyncio.sleep(0.5)
    snapshot = scene.stage.folder / "valkey" / "dump.rdb"
    assert snapshot.exists()
    await kill_valkey(scene)
    snapshot.unlink()


FAULTS: Sequence[Fault] = (
    Fault("postgres restarts", partial(restart_postgres, signal.SIGINT, 0.0), is_long=True),
    Fault("postgres stops at once", partial(restart_postgres, signal.SIGQUIT, 0.0)),
    Fault("postgres is away", partial(restart_postgres, signal.SIGINT, OUTAGE_SECONDS)),
    Fault("postgres is frozen", freeze_postgres, is_long=True),
    Fault("backends terminated", partial(terminate_backends, "tidegate%", 0.3)),
    Fault("listeners terminated", partial(terminate_backends, "tidegate %s", 1.0)),
    Fault("valkey flushed", partial(harm_valkey, flush)),
    Fault("valkey killed", partial(harm_valkey, kill_valkey), is_long=True),
    Fault("valkey frozen", partial(harm_valkey, freeze_valkey)),
    Fault("valkey restored", partial(harm_valkey, restore_valkey)),
)
