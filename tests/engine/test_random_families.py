"""Random families come to the same end however often their workers are lost, and spawn each child once."""

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.commands import Command, Pause, Resume, Step, Stop
from engine.status import ExecutionStatus, NodeFailurePolicy
from tests.engine.clients import post
from tests.engine.event_graphs import CALLED, EVENTS, generations
from tests.engine.family import Family, Fault
from tests.engine.family_rules import check_family, shape
from tests.engine.pause_rules import check_commands, check_pauses
from tests.engine.running import Document
from tests.engine.test_random_graphs import few, slots, unhurried
from tests.engine.virtual_clock import run_virtual

faults = st.dictionaries(st.integers(0, 90), st.sampled_from(Fault), max_size=8)
given_events = st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 9)), max_size=3)
seconds = st.sampled_from([0, 0.01, 5])
Order = tuple[int, int, Command]
"""After how many milliseconds which member, counted through the family, is told what."""

orders = st.lists(
    st.tuples(
        st.integers(0, 20_000), st.integers(0, 9), st.sampled_from([Pause(), Step(), Resume(), Pause(), Resume()])
    ),
    max_size=8,
)


@few
@given(generations(), slots, given_events, faults, seconds, st.sampled_from([0.0, 2.0]))
def test_a_random_family_ends_the_same_however_often_its_workers_are_lost(
    document: Document, slots: int, events: list[tuple[str, int]], faults: dict[int, Fault], seconds: float, warm: float
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=NodeFailurePolicy.CONTINUE)
    plain = Family(document, flows=CALLED, events=events, options=options)
    lossy = Family(
        document, flows=CALLED, events=events, options=options, faults=faults, seconds=seconds, warm_seconds=warm
    )
    for family in (plain, lossy):
        run_virtual(family.live())
        check_family(family, document)
    assert shape(lossy.root) == shape(plain.root)


async def ordered(family: Family, orders: Sequence[Order]) -> Family:
    """Run a family while somebody commands its members; in the end everybody may go on."""
    async with family.under_way():
        for after_ms, number, command in orders:
            await asyncio.sleep(after_ms / 1000)
            members = list(family.members.values())
            post(members[number % len(members)], command)
        while not family.root.has_ended:
            for member in list(family.members.values()):
                post(member, Resume())
            await asyncio.sleep(100)
    return family


@few
@given(generations(), given_events, faults, orders)
def test_a_random_family_whose_members_are_paused_ends_the_same(
    document: Document, events: list[tuple[str, int]], faults: dict[int, Fault], orders: list[Order]
) -> None:
    options = unhurried(on_node_failure=NodeFailurePolicy.CONTINUE)
    plain = run_virtual(Family(document, flows=CALLED, events=events, options=options).live())
    told = Family(document, flows=CALLED, events=events, options=options, faults=faults)
    run_virtual(ordered(told, orders))
    check_family(told, document)
    for member in told.members.values():
        check_pauses(member)
        check_commands(member)
    assert shape(told.root) == shape(plain.root)


async def stopped(family: Family, after_ms: int) -> Family:
    async with family.under_way():
        await asyncio.sleep(after_ms / 1000)
        post(family.root, Stop())
    return family


@few
@given(
    generations(), given_events, faults, st.integers(0, 30_000), seconds,
    st.sampled_from(NodeFailurePolicy), st.sampled_from(NodeFailurePolicy), st.integers(0, 6),
)  # fmt: skip
def test_a_random_family_that_fails_or_is_stopped_leaves_nobody_behind(
    document: Document,
    events: list[tuple[str, int]],
    faults: dict[int, Fault],
    after_ms: int,
    seconds: float,
    node_policy: NodeFailurePolicy,
    child_policy: NodeFailurePolicy,
    budget: int,
) -> None:
    options = unhurried(on_node_failure=node_policy, on_child_failure=child_policy, max_children=budget)
    family = Family(document, flows=CALLED, events=events, options=options, faults=faults, seconds=seconds)
    run_virtual(stopped(family, after_ms))
    check_family(family, document)
    assert family.spawned <= budget
    if family.root.status is not ExecutionStatus.COMPLETED:
        assert all(member.status.ended for member in family.root.descendants)
