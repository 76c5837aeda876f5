"""What the API needs of the world, opened once in a process."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol, TypeVar

import asyncpg

from engine.registry import Registry
from jobs.dispatch import Doorbell
from resolvers.permits import Permits
from resolvers.shared_batches import SharedBatches
from resolvers.snapshots import Snapshots
from storage.keyring import NO_KEYS, KeyRing
from storage.notify import Notifier
from storage.pool import open_pool
from storage.readiness import Readiness
from storage.root_changes import RootChanges
from storage.shards import COMMANDS, EVENTS
from storage.tail import Tailer
from storage.tree_tail import TreeTailer
from storage.versions import Versions
from storage.wakeups import Wakeups

PATIENCE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Services:
    """What a process of the API has open.

    `commands` tells workers of new commands, `events` readers of new executions, and `doorbell` makes a worker look.
    `tailer` follows logs, `trees` whole trees, and `roots` the lists of roots; `batches` are cut from followed logs.
    `permits` end what may not be followed, `readiness` says how the database stands, and `keys` seal secrets.
    """

    pool: asyncpg.Pool
    keys: KeyRing
    node_types: Registry
    versions: Versions
    snapshots: Snapshots
    tailer: Tailer
    batches: SharedBatches
    trees: TreeTailer
    roots: RootChanges
    permits: Permits
    commands: Notifier
    events: Notifier
    doorbell: Doorbell
    readiness: Readiness


class Background(Protocol):
    """Something that works in the background from `start` to `stop`."""

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


BackgroundT = TypeVar("BackgroundT", bound=Background)


@asynccontextmanager
async def open_services(
    database_url: str, redis_url: str, node_types: Registry, *, keys: KeyRing = NO_KEYS, pool_size: int = 10
) -> AsyncIterator[Services]:
    """Open everything, and close it at the end; raises `ServiceUnavailable` if Postgres cannot be reached.

    Redis may be away: it only makes things quicker.
    """
    async with AsyncExitStack() as stack:
        pool = await open_pool(database_url, name="tidegate api", size=pool_size, patience=PATIENCE_SECONDS)
        stack.push_async_callback(pool.close)
        versions = Versions(pool, node_types)
        wakeups = await _started(stack, Wakeups(database_url, EVENTS))
        yield Services(
            pool=pool,
            keys=keys,
            node_types=node_types,
            versions=versions,
            snapshots=Snapshots(pool, versions),
            tailer=await _started(stack, Tailer(pool, wakeups)),
            batches=SharedBatches(),
            trees=await _started(stack, TreeTailer(pool, wakeups)),
            roots=await _started(stack, RootChanges(pool, wakeups)),
            permits=await _started(stack, Permits(pool)),
            commands=await _started(stack, Notifier(pool, COMMANDS)),
            events=await _started(stack, Notifier(pool, EVENTS)),
            doorbell=await _started(stack, Doorbell(redis_url)),
            readiness=Readiness(pool),
        )


async def _started(stack: AsyncExitStack, background: BackgroundT) -> BackgroundT:
    await background.start()
    stack.push_async_callback(background.stop)
    return background
