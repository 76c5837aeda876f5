"""The order in which nodes can start and end; a circle in it would wait for itself for ever.

Each node has a start and an end. A node ends after it starts; an edge makes its target start after its source
has ended; a group starts before its members and ends after them.
"""

from collections.abc import Iterable, Mapping, Sequence

from engine.problems import FlowProblemCode
from engine.validation.circles import find_circles
from engine.validation.draft import Draft, DraftEdge
from engine.validation.report import Report

SHOWN_NODES = 20


def check_order(draft: Draft, report: Report) -> None:
    """Report one circle for each set of nodes that wait for each other."""
    ids = list(draft.by_id)
    number = {id_: index for index, id_ in enumerate(ids)}
    parents = [_parent(draft, id_, number) for id_ in ids]
    circles = find_circles([() if parent is None else (parent,) for parent in parents])
    for circle in circles:
        _report_groups(draft, [ids[index] for index in circle], report)
        for index in circle:
            parents[index] = None
    _check_starts(draft, ids, number, parents, report)


def _parent(draft: Draft, id_: str, number: Mapping[str, int]) -> int | None:
    parent = draft.by_id[id_].parent
    return None if parent is None else number.get(parent)


def _report_groups(draft: Draft, circle: Sequence[str], report: Report) -> None:
    first = min((draft.by_id[id_] for id_ in circle), key=lambda node: node.index)
    message = f"These groups contain each other: {_spell(circle, ' in ')}."
    report.add(first.path("parent"), FlowProblemCode.CYCLE, message)


def _check_starts(
    draft: Draft, ids: Sequence[str], number: Mapping[str, int], parents: Sequence[int | None], report: Report
) -> None:
    edges = {pair: edge for edge in reversed(draft.edges) if (pair := _pair(edge, number))}
    for circle in find_circles(_followers(parents, edges)):
        steps = zip(circle, [*circle[1:], circle[0]], strict=True)
        first = min((edges[step] for step in steps if step in edges), key=lambda edge: edge.index)
        names = [ids[vertex // 2] for vertex in circle]
        message = f"These nodes wait for each other: {_spell(_without_repetition(names), ' → ')}."
        report.add(first.path(), FlowProblemCode.CYCLE, message)


def _start(node: int) -> int:
    return 2 * node


def _end(node: int) -> int:
    return 2 * node + 1


def _pair(edge: DraftEdge, number: Mapping[str, int]) -> tuple[int, int] | None:
    if edge.source and edge.target and edge.source.node in number and edge.target.node in number:
        return _end(number[edge.source.node]), _start(number[edge.target.node])
    return None


def _followers(parents: Sequence[int | None], edges: Iterable[tuple[int, int]]) -> list[list[int]]:
    """What comes right after each start and end."""
    followers: list[list[int]] = [[] for _ in range(2 * len(parents))]
    for node, parent in enumerate(parents):
        followers[_start(node)].append(_end(node))
        if parent is not None:
            followers[_start(parent)].append(_start(node))
            followers[_end(node)].append(_end(parent))
    for source, target in edges:
        followers[source].append(target)
    return followers


def _without_repetition(names: Sequence[str]) -> list[str]:
    return [name for before, name in zip([names[-1], *names], names, strict=False) if name != before] or [names[0]]


def _spell(names: Sequence[str], arrow: str) -> str:
    if len(names) > SHOWN_NODES:
        return arrow.join([*names[:SHOWN_NODES], f"… ({len(names) - SHOWN_NODES} more)", names[0]])
    return arrow.join([*names, names[0]])
