"""Commands at random moments hold a flow up, and change nothing else about it."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from engine.status import NodeFailurePolicy
from tests.engine.clients import Act, acts, play, signals_of, with_waits
from tests.engine.family import Family, Fault, Member
from tests.engine.graphs import graphs
from tests.engine.log_rules import check_log
from tests.engine.pause_rules import check_commands, check_pauses
from tests.engine.running import Document
from tests.engine.test_random_graphs import few, slots, unhurried
from tests.engine.virtual_clock import run_virtual

faults = st.dictionaries(st.integers(0, 25), st.sampled_from(Fault), max_size=3)


async def commanded(family: Family, client: Sequence[Act], document: Document) -> Member:
    async with family.under_way():
        await play(family.root, client, signals_of(document))
    return family.root


async def undisturbed(family: Family, document: Document) -> Member:
    for signal in signals_of(document):
        family.root.send(signal)
    return (await family.live()).root


@few
@given(
    with_waits(graphs(has_races=False, most=7)),
    slots,
    st.data(),
    faults,
    st.sampled_from([0.0, 2.0, 10.0**9]),
    st.sampled_from([0, 0.5]),
)
def test_a_random_flow_that_is_commanded_and_loses_its_workers_comes_to_the_same_end(
    document: Document, slots: int, data: st.DataObject, faults: dict[int, Fault], warm: float, seconds: float
) -> None:
    breakpoints = data.draw(st.lists(st.sampled_from([node["id"] for node in document["nodes"]]), max_size=2))
    plain = unhurried(max_concurrency=slots, on_node_failure=NodeFailurePolicy.CONTINUE)
    options = plain.model_copy(update={"breakpoints": breakpoints})
    whole = run_virtual(undisturbed(Family(document, options=plain), document))
    family = Family(document, options=options, warm_seconds=warm, seconds=seconds, faults=faults)
    root = run_virtual(commanded(family, data.draw(acts(document)), document))
    check_log(root, document)
    check_pauses(root, breakpoints)
    check_commands(root)
    assert (root.status, root.outputs, root.statuses) == (whole.status, whole.outputs, whole.statuses)


@few
@given(with_waits(graphs(most=7)), slots, st.data(), faults, st.sampled_from(NodeFailurePolicy))
def test_a_random_flow_with_races_obeys_the_rules_however_it_is_commanded(
    document: Document, slots: int, data: st.DataObject, faults: dict[int, Fault], policy: NodeFailurePolicy
) -> None:
    options = unhurried(max_concurrency=slots, on_node_failure=policy)
    family = Family(document, options=options, faults=faults)
    root = run_virtual(commanded(family, data.draw(acts(document)), document))
    check_log(root, document)
    check_pauses(root)
    check_commands(root)
