"""Forks of runs in memory, and a naive opinion on what they take over."""

from collections.abc import Iterator
from typing import Any

from engine.entry import Entry
from engine.forks import Original, take_over
from engine.status import NodeStatus
from tests.engine.running import EPOCH, Document, Run, stored

SETTLED = (NodeStatus.COMPLETED, NodeStatus.SKIPPED)


def original_of(run: Run) -> Original:
    """What the log of a run tells whoever forks it."""
    original = Original(run.fresh_state())
    for entry in run.ledger.entries:
        original.apply(stored(entry))
    return original


def forked(run: Run, document: Document, left_out: frozenset[str] = frozenset(), **settings: Any) -> Run:
    """A fork of a run, created and not started; as `Run.of`."""
    fork = Run.of(document, **settings)
    completed = take_over(original_of(run), left_out)
    fork.ledger.entries = [Entry(index, EPOCH, event) for index, event in enumerate(completed)]
    fork.state.apply_all(fork.ledger.entries)
    return fork


def taken_over(run: Run) -> list[str]:
    """The nodes that a fork begins with, in the order of its log."""
    return [event.node_id for event in run.events if event.kind == "NODE_COMPLETED" and event.attempt == 0]


def surely_kept(run: Run, document: Document) -> set[str]:
    """The nodes with work that completed, and that nothing leads to but what completed or was skipped."""
    statuses, waits_for = run.statuses, _waits_for(document)
    return {
        node["id"]
        for node in document["nodes"]
        if node["type"] != "group"
        and statuses[node["id"]] is NodeStatus.COMPLETED
        and all(statuses[each] in SETTLED for each in _reached(node["id"], waits_for))
    }


def _waits_for(document: Document) -> dict[str, set[str]]:
    """What each node waits for: sources of its edges, the group around it, and with a group all its members."""
    nodes = {node["id"]: node for node in document["nodes"]}
    waits_for: dict[str, set[str]] = {id_: {node["parent"]} & nodes.keys() for id_, node in _parented(nodes)}
    for edge in document["edges"]:
        source, target = edge["from"].partition(".")[0], edge["to"].partition(".")[0]
        waits_for[target] |= {source, *_members(source, nodes)}
    return waits_for


def _parented(nodes: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((id_, {"parent": None, **node}) for id_, node in nodes.items())


def _members(group: str, nodes: dict[str, Any]) -> set[str]:
    own = {id_ for id_, node in nodes.items() if node.get("parent") == group}
    return own | {each for member in own for each in _members(member, nodes)}


def _reached(node: str, steps: dict[str, set[str]]) -> set[str]:
    reached, waiting = set(), [node]
    while waiting:
        for step in steps[waiting.pop()] - reached:
            reached.add(step)
            waiting.append(step)
    return reached
