"""Ending subscriptions whose viewers may not go on: their tokens have expired, or they may not see a tree any more.

One look for all, now and then, so that a subscription that goes on costs nothing. Only grants are taken back, so those
who follow a tree of their own are not asked for.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import asyncpg

from engine.errors import NotFound, Unauthenticated
from resolvers.viewer import Viewer
from storage.access import lost_trees
from storage.executions import ExecutionRow
from storage.for_ever import for_ever
from storage.reading import reading

LOOK_SECONDS = 10.0


class Following(Protocol):
    """Something that is followed and can be made to end."""

    def fail(self, error: Exception) -> None:
        """Let who follows raise this error."""


@dataclass(frozen=True, slots=True, eq=False)
class Permit:
    """Somebody follows something; `root_id` is the tree that the viewer must be able to see, if it can be lost."""

    following: Following
    viewer: Viewer
    root_id: str | None


class Permits:
    """The subscriptions of this process that may have to end before their time."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._held: set[Permit] = set()
        self._task: asyncio.Task[None] | None = None

    @contextmanager
    def hold(self, following: Following, viewer: Viewer, execution: ExecutionRow | None = None) -> Iterator[None]:
        """Let a viewer follow something, an execution or a list, for as long as the viewer may."""
        can_be_lost = execution is not None and not viewer.reader.sees_all and execution.owner_id != viewer.id
        permit = Permit(following, viewer, execution.root_id if execution and can_be_lost else None)
        needs_looks = permit.root_id is not None or viewer.expires_at is not None
        if needs_looks:
            self._held.add(permit)
        try:
            yield
        finally:
            self._held.discard(permit)

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(for_ever(self._turn), name="permits")

    async def stop(self) -> None:
        """Look no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _turn(self) -> None:
        await asyncio.sleep(LOOK_SECONDS)
        await self.look()

    async def look(self) -> None:
        """End what may not go on."""
        now = time.time()
        for permit in list(self._held):
            if permit.viewer.expires_at is not None and permit.viewer.expires_at <= now:
                permit.following.fail(Unauthenticated("The token has expired."))
        if pairs := {(each.viewer.id, each.root_id) for each in self._held if each.root_id is not None}:
            await self._end_lost(list(pairs))

    async def _end_lost(self, pairs: list[tuple[str, str]]) -> None:
        async with reading(self._pool) as connection:
            lost = await lost_trees(connection, pairs)
        for permit in list(self._held):
            if (permit.viewer.id, permit.root_id) in lost:
                permit.following.fail(NotFound("There is no such execution."))
