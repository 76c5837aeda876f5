"""How entries are divided into appends: bounded in bytes, whole decisions, the end with its last part."""

import asyncio
from collections.abc import Sequence

import pytest

from engine.entry import Entry
from engine.errors import ClaimLost
from engine.events import FlowCancelled, FlowStarted, NodeCompleted
from engine.ledger import Append, Letter, Verdict
from engine.values import Value
from engine.writer import BACKLOG_BYTES, BACKLOG_ENTRIES, Writer
from tests.engine.running import EPOCH, START
from tests.engine.virtual_clock import in_virtual_time
from tidegate.testing.memory import MemoryLedger

MEGABYTE = 1024 * 1024


class Appends(MemoryLedger):
    """Remembers each append; from one on the claim is lost."""

    def __init__(self, lost_from: int = 10**6) -> None:
        super().__init__()
        self.seen: list[Append] = []
        self.lost_from = lost_from

    async def append(self, append: Append) -> Verdict:
        if len(self.seen) >= self.lost_from:
            raise ClaimLost
        self.seen.append(append)
        return await super().append(append)

    @property
    def sizes(self) -> list[int]:
        """The events of each append."""
        return [len(append.entries) for append in self.seen]


def completed(index: int, megabytes: int, mark: str = "") -> Entry:
    value = Value.of(f"{mark or index}".ljust(megabytes * MEGABYTE, "x"))
    event = NodeCompleted(node_id="a", node_type="t", attempt=1, outputs={"x": value}, execution_time=0)
    return Entry(index, EPOCH, event)


def small(index: int) -> Entry:
    return Entry(index, EPOCH, FlowStarted(worker_id="w"))


END = FlowCancelled(reason=None, execution_time=0)


def writer(ledger: Appends) -> Writer:
    return Writer(ledger, -1, lambda: None)


async def written(ledger: Appends, decisions: Sequence[Sequence[Entry]]) -> Writer:
    into = writer(ledger)
    for entries in decisions:
        into.put(entries)
    into.flush_soon()
    await into.flushed()
    return into


@in_virtual_time
async def test_an_append_takes_as_many_decisions_as_fit() -> None:
    ledger = Appends()
    done = await written(ledger, [[completed(index, 3)] for index in range(5)])
    assert ledger.sizes == [2, 2, 1]
    assert done.committed == 4
    assert [entry.index for entry in ledger.entries] == [0, 1, 2, 3, 4]


@in_virtual_time
async def test_a_decision_that_is_larger_than_an_append_goes_alone_and_whole() -> None:
    ledger = Appends()
    await written(ledger, [[small(0)], [completed(1, 12), small(2)], [small(3)]])
    assert ledger.sizes == [1, 2, 1]


@in_virtual_time
async def test_a_large_value_counts_once_however_many_events_carry_it() -> None:
    ledger = Appends()
    await written(ledger, [[completed(index, 3, mark="same")] for index in range(5)])
    assert ledger.sizes == [5]


def test_the_backlog_is_full_by_bytes_as_well_as_by_entries() -> None:
    by_bytes, by_entries = writer(Appends()), writer(Appends())
    for index in range(BACKLOG_BYTES // (3 * MEGABYTE)):
        by_bytes.put([completed(index, 3)])
        assert not by_bytes.is_full
    by_bytes.put([completed(99, 3)])
    assert by_bytes.is_full
    by_entries.put([small(index) for index in range(BACKLOG_ENTRIES - 1)])
    assert not by_entries.is_full
    by_entries.put([small(BACKLOG_ENTRIES)])
    assert by_entries.is_full


@in_virtual_time
async def test_the_backlog_has_room_again_once_it_is_written() -> None:
    ledger = Appends()
    done = await written(ledger, [[completed(index, 5)] for index in range(4)])
    assert not done.is_full
    assert done.is_idle


@in_virtual_time
async def test_a_command_is_acknowledged_in_the_append_that_has_what_followed_from_it() -> None:
    ledger = Appends()
    into = writer(ledger)
    into.put([small(0)])
    into.acknowledge(1)
    into.put([completed(1, 7)])
    into.put([completed(2, 7)])
    into.acknowledge(2)
    into.acknowledge(3)
    into.acknowledge(0, read=5)
    into.flush_soon()
    await into.flushed()
    seen = [(len(append.entries), append.consumed, list(append.read)) for append in ledger.seen]
    assert seen == [(2, 1, []), (1, 3, [5])]


@in_virtual_time
async def test_what_is_too_much_for_the_last_append_is_written_before_it() -> None:
    ledger = Appends()
    into = writer(ledger)
    for index in range(4):
        into.put([completed(index, 3)])
        into.acknowledge(index)
    assert await into.close([Entry(4, EPOCH, END)], consumed=4, seen=4)
    assert [(len(append.entries), append.seen, append.release, append.consumed) for append in ledger.seen] == [
        (2, None, False, 1),
        (3, 4, True, 4),
    ]
    assert sum(len(append.entries) for append in ledger.seen) == len(ledger.entries) == 5


@in_virtual_time
async def test_a_command_that_comes_in_keeps_the_last_append_out_and_nothing_is_written_twice() -> None:
    ledger = Appends()
    into = writer(ledger)
    for index in range(4):
        into.put([completed(index, 3)])
    ledger.mailbox.append(Letter(1, START))
    assert not await into.close([Entry(4, EPOCH, END)], seen=0)
    assert len(ledger.entries) == 2
    into.put([small(4)])
    into.acknowledge(1)
    assert await into.close([Entry(5, EPOCH, END)], consumed=1, seen=1)
    assert [entry.index for entry in ledger.entries] == [0, 1, 2, 3, 4, 5]


@in_virtual_time
async def test_a_claim_that_is_lost_before_the_last_append_lets_nothing_more_be_written() -> None:
    ledger = Appends(lost_from=1)
    into = writer(ledger)
    for index in range(4):
        into.put([completed(index, 5)])
    with pytest.raises(ClaimLost):
        await into.close([Entry(4, EPOCH, END)], seen=0)
    await asyncio.sleep(1)
    assert ledger.sizes == [1]
