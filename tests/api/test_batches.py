"""When a batch closes, told by how long the log is waited for."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import NotFound
from engine.status import ExecutionStatus
from resolvers.batches import QUIET_SECONDS, Batch, Batches, Wish
from schema.errors import Interrupted
from storage.events import EventRow
from tests.eventually import PATIENCE

NOW = datetime(2026, 1, 2, tzinfo=UTC)
CREATED: Any = SimpleNamespace(id="EX0", status=ExecutionStatus.CREATED, last_index=-1)


@dataclass
class Script:
    """A log that has `there` rows at first; then each wait gives the next of `coming` (0: nothing came in time)."""

    there: int
    coming: deque[int]
    ends: bool = True
    next_index: int = -1
    error: Exception | None = None
    apart: timedelta = timedelta()
    waits: list[float | None] = field(default_factory=list)

    @property
    def caught_up(self) -> bool:
        return self.there == 0

    @property
    def ended(self) -> bool:
        return self.ends and self.there == 0 and not self.coming

    async def take(self, limit: int, *, timeout: float | None = None) -> list[EventRow]:
        if self.error and not self.coming:
            raise self.error
        if self.there == 0:
            self.waits.append(timeout)
            self.there = self.coming.popleft() if timeout != 0 and self.coming else 0
        taken = min(limit, self.there)
        self.there -= taken
        self.next_index += taken
        return [self._row(self.next_index - taken + number) for number in range(taken)]

    def _row(self, index: int) -> EventRow:
        return EventRow("EX0", index, "NODE_SKIPPED" if index % 2 else "NODE_STARTED", NOW + index * self.apart, "{}")


async def cut(script: Script, size: int = 4, seconds: float = 5.0, kinds: set[str] | None = None) -> list[Batch]:
    follower: Any = script
    wish = Wish(size, seconds, frozenset(kinds) if kinds else None)
    return [batch async for batch in Batches(follower, wish, CREATED)]


def sizes(batches: list[Batch]) -> list[int]:
    return [len(batch.rows) for batch in batches]


async def test_what_was_there_is_never_held_back() -> None:
    script = Script(there=10, coming=deque([1]))
    assert sizes(await cut(script)) == [4, 4, 2, 1]
    assert script.waits == [0, None]


async def test_the_first_batch_waits_for_nothing() -> None:
    script = Script(there=0, coming=deque([1]))
    assert sizes(await cut(script))[0] == 0
    assert script.waits[0] == 0


async def test_a_live_batch_waits_without_end_for_its_first_event_and_then_as_long_as_was_asked() -> None:
    script = Script(there=0, coming=deque([1, 2, 0, 4]))
    batches = await cut(script)
    assert sizes(batches) == [0, 3, 4]
    first, second, third = script.waits[1:4]
    assert first is None
    assert second is not None
    assert third is not None
    assert 0 < third <= second <= 5.0


async def test_the_wait_is_shorter_by_what_the_first_event_is_older_than_the_last_one_that_was_read_with_it() -> None:
    script = Script(there=0, coming=deque([3, 0, 2]), apart=timedelta(seconds=2))
    assert sizes(await cut(script, size=10, seconds=60.0)) == [0, 3, 2]
    assert script.waits[2] == pytest.approx(56.0, abs=2)


async def test_without_patience_a_live_batch_has_what_is_ready() -> None:
    script = Script(there=0, coming=deque([2, 3]))
    assert sizes(await cut(script, seconds=0)) == [0, 2, 3]


async def test_a_full_batch_does_not_wait() -> None:
    script = Script(there=0, coming=deque([4, 4]))
    assert sizes(await cut(script)) == [0, 4, 4]
    assert script.waits == [0, None, None]


async def test_a_filter_counts_only_its_kinds() -> None:
    script = Script(there=16, coming=deque())
    batches = await cut(script, size=4, kinds={"NODE_SKIPPED"})
    assert sum(sizes(batches)) == 8
    assert all(size <= 4 for size in sizes(batches))
    assert batches[-1].next_index == 15


async def test_a_quiet_filtered_stream_speaks_after_a_while_and_only_if_the_index_has_moved() -> None:
    script = Script(there=0, coming=deque([1, 0, 1]))
    batches = await cut(script, kinds={"NONE"})
    assert [(len(batch.rows), batch.next_index) for batch in batches] == [(0, -1), (0, 0), (0, 1)]
    assert script.waits[1] is None
    assert script.waits[2] == pytest.approx(QUIET_SECONDS, abs=5)


async def test_the_status_is_that_of_the_newest_event_that_was_read() -> None:
    script = Script(there=1, coming=deque())
    (batch,) = await asyncio.wait_for(cut(script), PATIENCE)
    assert batch.status is ExecutionStatus.CREATED


async def test_what_goes_wrong_after_the_first_batch_says_where_to_resume() -> None:
    gone = NotFound("Gone.")
    # Two rows are gathered when it goes wrong; they have not been given, and are to be read again.
    script: Any = Script(there=3, coming=deque([2]), ends=False, error=gone)
    batches = aiter(Batches(script, Wish(3, 1), CREATED))
    assert (await anext(batches)).next_index == 2
    with pytest.raises(Interrupted) as interrupted:
        await anext(batches)
    assert (interrupted.value.cause, interrupted.value.resume) == (gone, {"nextIndex": 2})


async def test_what_goes_wrong_before_the_first_batch_is_raised_as_it_is() -> None:
    with pytest.raises(NotFound):
        await cut(Script(there=0, coming=deque(), error=NotFound("Gone.")))
