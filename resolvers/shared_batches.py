"""Cutting a batch once for all who are at the same place of a log and want the same.

Subscribers who have caught up meet at the log's end, and from there on go together. One who is slow and comes when the
others have gone on cuts for itself, until it has caught up and meets them again.
"""

import asyncio
from collections.abc import AsyncIterator, Hashable
from weakref import WeakValueDictionary

from resolvers.batches import Batch, Batches
from storage.events import EventRow
from storage.follow import Follower


class SharedBatches:
    """The batches of all subscribers of a process; it holds none that nobody waits for or is being given."""

    def __init__(self) -> None:
        self._cuts: WeakValueDictionary[Hashable, Cut] = WeakValueDictionary()

    async def of(self, batches: Batches) -> AsyncIterator[Batch]:
        """What iterating over `batches` gives, shared once the log's end is reached."""
        follower = batches.follower
        yield await batches.first()
        while batches.replaying and (batch := await batches.next()):
            yield batch
        while True:
            cut = self._cut_after(batches)
            try:
                batch = await cut.wait(follower)
            except Exception as error:
                raise batches.interrupted(error) from error
            if batch is None:
                return
            yield batch
            batches = cut.batches

    def _cut_after(self, batches: Batches) -> "Cut":
        place = batches.place
        cut = self._cuts.get(place)
        if cut is None or cut.given_up:
            self._cuts[place] = cut = Cut(batches.fork())
        return cut


class Cut:
    """A batch in the making; it is given up when nobody waits for it any more.

    `batches` go on from it, once it is made.
    """

    def __init__(self, batches: Batches) -> None:
        self.batches = batches
        self._making = asyncio.create_task(_made_of(batches), name="batch")
        self._waiting = 0

    @property
    def given_up(self) -> bool:
        """Whether there will be no batch."""
        return self._making.cancelling() > 0

    async def wait(self, follower: Follower[EventRow]) -> Batch | None:
        """The batch, as `Batches.next` gives it, to one who may be cancelled or fail, and leave it to others."""
        self._waiting += 1
        try:
            return await follower.unless_failed(self._making)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._making.cancel()


async def _made_of(batches: Batches) -> Batch | None:
    if batch := await batches.next():
        # Its JSON is kept for the others; a batch of one's own is only sent.
        batch.shown.drawn = {}
    return batch
