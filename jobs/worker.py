"""A worker process: hears the bell, claims executions, runs their nodes, writes their events."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar
from uuid import uuid4

import asyncpg

from engine.host import HOLD_SECONDS, PROCESSES, THREADS, Host
from engine.registry import Registry
from jobs.bell import Bell
from jobs.claimer import Claimer
from jobs.clock import DatabaseClock
from jobs.declining import Declined
from jobs.dispatch import Doorbell
from jobs.family import Family
from jobs.finding import FlowFinder
from jobs.heartbeat import Heartbeat
from jobs.isolation import Isolation
from jobs.journal import Journal
from jobs.loading import Loader
from jobs.mailroom import Mailroom
from jobs.schedules import Schedules
from jobs.secret_finding import SecretFinder
from jobs.stillness import die_if_still
from jobs.sweeper import Sweeper, Timers
from jobs.whereabouts import enter_worker
from jobs.workflow import Workshop
from storage.claims import NO_LIMITS, Limits, release_all
from storage.keyring import NO_KEYS, KeyRing
from storage.notify import Notifier
from storage.pool import DATABASE_TROUBLE, open_pool
from storage.readiness import Readiness
from storage.schedules import SCHEDULES
from storage.shards import COMMANDS, EVENTS
from storage.transaction import transaction
from storage.versions import Versions
from storage.wakeups import Wakeups
from storage.workers import register, remove

logger = logging.getLogger(__name__)

POOL_SIZE = 8
PATIENCE_SECONDS = 5.0
GIVE_BACK_SECONDS = 6.0
SIGN_OFF_TIMEOUT = 3.0
CLOSE_SECONDS = 1.0
EXIT_SECONDS = 13.0
"""When a worker that was told to end is ended by force: a node may refuse to be cancelled."""

LINGER_SECONDS = 2.0
HOLD_PER_LEASE = 0.25
SIGN_OFF_SECONDS = (0.0, 0.05, 0.2, 0.5, 1.0)


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """What a worker needs to know. `lease` and `warm_seconds` are seconds; `limits` must be the same at all workers.

    `isolated_command` starts the process that a suspect runs in alone; without one it runs among the others. Nodes that
    block have `node_threads` and `node_processes`; `hold_seconds` is how long a node that did not say so may hold the
    event loop, which is at most a quarter of the lease. A loop that has stood still for `still_seconds` ends the
    process, but not where that is None, for workers that are guests in theirs.
    """

    database_url: str
    redis_url: str
    concurrency: int = 64
    lease: float = 10.0
    warm_seconds: float = 2.0
    http_allow: frozenset[str] = frozenset()
    keys: KeyRing = NO_KEYS
    limits: Limits = NO_LIMITS
    isolated_command: Sequence[str] = ()
    node_threads: int = THREADS
    node_processes: int = PROCESSES
    hold_seconds: float = HOLD_SECONDS
    still_seconds: float | None = None


class Worker:
    """One worker in this process; `async with` starts it and, at the end, gives back what it holds."""

    takes_work: ClassVar[bool] = True

    def __init__(self, settings: WorkerSettings, registry: Registry, *, worker_id: str | None = None) -> None:
        self.id = worker_id or f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:8]}"
        self._settings = settings
        self._registry = registry
        self._heartbeat: Heartbeat | None = None
        self.readiness: Readiness | None = None
        self.is_leaving = False

    @property
    def beats(self) -> bool:
        """Whether the last good beat is younger than the lease: nobody can have given this worker up."""
        return self._heartbeat is not None and self._heartbeat.is_fresh

    async def run(self) -> None:
        """Work until cancelled; raises `WorkerGivenUp` if the others have given this worker up."""
        async with self.parts() as parts, asyncio.TaskGroup() as tasks:
            for part in (parts.heartbeat, parts.bell, parts.claimer, parts.timers, parts.schedules, parts.sweeper):
                tasks.create_task(part.run())
            if self._settings.still_seconds is not None:
                tasks.create_task(die_if_still(self._settings.still_seconds))
            parts.claimer.look()
            logger.info("Worker %s is ready for %d executions at once.", self.id, self._settings.concurrency)

    @asynccontextmanager
    async def parts(self) -> AsyncIterator["Parts"]:
        """Start what a worker is made of; what it holds is given back at the end."""
        enter_worker(self.id)
        async with AsyncExitStack() as stack:
            pool = await self._open_pool(stack, "tidegate worker", POOL_SIZE)
            parts = await self._assemble(pool, stack)
            stack.push_async_callback(self._leave, pool, parts)
            await self._enter(pool, parts)
            yield parts

    async def _assemble(self, pool: asyncpg.Pool, stack: AsyncExitStack) -> "Parts":
        settings, clock = self._settings, DatabaseClock()
        # The beat and the log wait behind nobody: however busy the pool is, the worker is alive and its events flow.
        beating = await self._open_pool(stack, "tidegate beat", 1)
        writing = await self._open_pool(stack, "tidegate journal", 1)
        notifier = await self._notifier(pool, stack, EVENTS)
        # What the last appends make ready is woken after them, and rung for after that.
        doorbell = await self._doorbell(stack)
        family = Family(pool, await self._notifier(pool, stack, COMMANDS))
        stack.push_async_callback(family.stop)
        journal = Journal(writing, notifier.notify, family.committed)
        journal.start()
        stack.push_async_callback(journal.stop)
        wakeups = Wakeups(settings.database_url, COMMANDS)
        mailroom = await self._mailroom(pool, stack, wakeups)
        heartbeat = Heartbeat(beating, self.id, clock, settings.lease)
        versions = Versions(pool, self._registry)
        shop = Workshop(
            worker_id=self.id,
            pool=pool,
            versions=versions,
            loader=Loader(pool),
            finder=FlowFinder(pool, versions),
            secrets=SecretFinder(pool, settings.keys),
            family=family,
            journal=journal,
            mailroom=mailroom,
            clock=clock,
            heartbeat=heartbeat,
            http_allow=settings.http_allow,
            host=self._host(stack),
            registry=self._registry,
            declined=Declined(pool, self.id),
            isolation=Isolation(pool, settings.isolated_command) if settings.isolated_command else None,
        )
        parts = self._put_to_work(shop, doorbell, notifier)
        wakeups.watch(SCHEDULES, parts.schedules.look)
        return parts

    async def _open_pool(self, stack: AsyncExitStack, name: str, size: int) -> asyncpg.Pool:
        pool = await open_pool(self._settings.database_url, name=name, size=size, patience=PATIENCE_SECONDS)
        stack.push_async_callback(_close, pool)
        return pool

    def _host(self, stack: AsyncExitStack) -> Host:
        settings = self._settings
        host = Host(
            guests=self._registry.guests,
            threads=settings.node_threads,
            processes=settings.node_processes,
            hold_seconds=min(settings.hold_seconds, settings.lease * HOLD_PER_LEASE),
        )
        stack.push_async_callback(host.close)
        return host

    async def _notifier(self, pool: asyncpg.Pool, stack: AsyncExitStack, topic: str) -> Notifier:
        notifier = Notifier(pool, topic)
        await notifier.start()
        stack.push_async_callback(notifier.stop)
        return notifier

    async def _mailroom(self, pool: asyncpg.Pool, stack: AsyncExitStack, wakeups: Wakeups) -> Mailroom:
        mailroom = Mailroom(pool)
        wakeups.watch_all(mailroom.notified)
        await wakeups.start()
        stack.push_async_callback(wakeups.stop)
        mailroom.start()
        stack.push_async_callback(mailroom.stop)
        return mailroom

    async def _doorbell(self, stack: AsyncExitStack) -> Doorbell:
        doorbell = Doorbell(self._settings.redis_url)
        await doorbell.start()
        stack.push_async_callback(doorbell.stop)
        return doorbell

    def _put_to_work(self, shop: Workshop, doorbell: Doorbell, notifier: Notifier) -> "Parts":
        settings = self._settings
        claimer = Claimer(
            shop, settings.concurrency, doorbell, warm_seconds=settings.warm_seconds, limits=settings.limits
        )

        def ready() -> None:
            claimer.look()
            doorbell.ring()

        shop.family.start(ready)
        return Parts(
            claimer=claimer,
            heartbeat=shop.heartbeat,
            journal=shop.journal,
            bell=Bell(settings.redis_url, claimer.look),
            timers=Timers(shop.pool, ready),
            schedules=Schedules(shop.pool, shop.versions, notifier.notify, ready),
            sweeper=Sweeper(
                shop.pool, settings.lease, claimer.slots, settings.limits, ready, shop.family, shop.declined
            ),
            doorbell=doorbell,
        )

    async def _enter(self, pool: asyncpg.Pool, parts: "Parts") -> None:
        async with pool.acquire() as connection:
            await register(
                connection,
                self.id,
                host=socket.gethostname(),
                pid=os.getpid(),
                concurrency=self._settings.concurrency,
                takes_work=self.takes_work,
                limits=self._settings.limits,
                lease=self._settings.lease,
            )
        await parts.heartbeat.once()
        self._heartbeat, self.readiness = parts.heartbeat, Readiness(pool)

    async def _leave(self, pool: asyncpg.Pool, parts: "Parts") -> None:
        self.is_leaving = True
        await parts.claimer.give_back(GIVE_BACK_SECONDS)
        try:
            async with asyncio.timeout(SIGN_OFF_TIMEOUT):
                await self._sign_off(pool)
            # Also what it did not hold may be another's to see to, now that it is gone.
            parts.doorbell.ring()
        except DATABASE_TROUBLE as error:
            logger.warning("The worker could not sign off (%s); the others will notice.", error)

    async def _sign_off(self, pool: asyncpg.Pool) -> None:
        """Free what is still held and take the worker out.

        While somebody else holds one of them the worker stays entered, and at last the others see that it is silent.
        """
        for delay in SIGN_OFF_SECONDS:
            await asyncio.sleep(delay)
            async with transaction(pool) as connection:
                release = await release_all(connection, self.id, lost=False)
                if not release.left:
                    await remove(connection, self.id)
                    break


@dataclass(frozen=True, slots=True)
class Parts:
    """The running parts of a worker."""

    claimer: Claimer
    heartbeat: Heartbeat
    journal: Journal
    bell: Bell
    timers: Timers
    schedules: Schedules
    sweeper: Sweeper
    doorbell: Doorbell


async def _close(pool: asyncpg.Pool) -> None:
    """Close a pool, by force if the server does not answer."""
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except (TimeoutError, *DATABASE_TROUBLE):
        pool.terminate()


def _end_soon(task: "asyncio.Task[None]") -> None:
    """Have the worker end in order; what does not is left behind with the process."""
    task.cancel()
    asyncio.get_running_loop().call_later(EXIT_SECONDS, os._exit, 1)


async def run_worker(settings: WorkerSettings, registry: Registry) -> None:
    """Run a worker until SIGINT or SIGTERM; the process ends soon after it, whatever its nodes are still at."""
    await run_until_told(Worker(settings, registry))


async def run_until_told(worker: Worker) -> None:
    """Run a worker to its end, which SIGINT and SIGTERM bring about, and end the process soon after it."""
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, _end_soon, task)
    try:
        await worker.run()
    except asyncio.CancelledError:
        logger.info("The worker has given back what it held.")
    except BaseException:
        _end_process_soon(1)
        raise
    _end_process_soon(0)


def _end_process_soon(code: int) -> None:
    # The loop and the interpreter wait for every task and thread, and a node may have some that never end.
    timer = threading.Timer(LINGER_SECONDS, os._exit, (code,))
    timer.daemon = True
    timer.start()
