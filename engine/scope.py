"""Which nodes of a flow take part in a run: it may run on its own, or for an event that some of its nodes listen to.

An ordinary run has every node that is not downstream of a listener, less those that feed only such nodes. A run for an
event has the listeners of that event, all downstream of them, and all that those wait for.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.plan import Plan


@dataclass(frozen=True, slots=True)
class Scope:
    """The nodes of a run, in document order; `inside` tells of each node of the flow, None stands for all."""

    nodes: Sequence[int]
    inside: Sequence[bool] | None = None


def whole_scope(plan: "Plan") -> Scope:
    """Every node of the flow."""
    return Scope(range(len(plan.nodes)))


def empty_scope(plan: "Plan") -> Scope:
    """No node at all: a run that only spawns children."""
    return Scope((), [False] * len(plan.nodes))


def ordinary_scope(plan: "Plan") -> Scope:
    """The nodes that run without an event."""
    listeners = [node.number for node in plan.nodes if node.listens_to is not None]
    if not listeners:
        return whole_scope(plan)
    graph = Graph(plan)
    outside = graph.with_feeders(graph.downstream(listeners))
    return _scope(plan, (number for number in range(len(plan.nodes)) if number not in outside))


def event_scope(plan: "Plan", name: str) -> Scope:
    """The nodes that run for an event of this name."""
    graph = Graph(plan)
    return _scope(plan, graph.upstream(graph.downstream(plan.listeners.get(name, ()))))


def _scope(plan: "Plan", numbers: Iterable[int]) -> Scope:
    inside = [False] * len(plan.nodes)
    for number in numbers:
        inside[number] = True
    return Scope([number for number, is_inside in enumerate(inside) if is_inside], inside)


class Graph:
    """Starts and ends of nodes, and what follows what: a node's vertices are 2n (its start) and 2n + 1 (its end).

    A node ends after it starts, the target of an edge starts after its source has ended, and a group starts before its
    members and ends after them.
    """

    def __init__(self, plan: "Plan") -> None:
        self._plan = plan
        self._after: list[list[int]] = [[] for _ in range(2 * len(plan.nodes))]
        self._before: list[list[int]] = [[] for _ in range(2 * len(plan.nodes))]
        for node in plan.nodes:
            self._follow(2 * node.number, 2 * node.number + 1)
            for edges in node.outgoing.values():
                for edge in edges:
                    self._follow(2 * node.number + 1, 2 * edge.target_node)
            for member in node.members:
                self._follow(2 * node.number, 2 * member)
                self._follow(2 * member + 1, 2 * node.number + 1)

    def _follow(self, first: int, then: int) -> None:
        self._after[first].append(then)
        self._before[then].append(first)

    def downstream(self, numbers: Iterable[int]) -> set[int]:
        """These nodes and those that start only after one of them has ended."""
        chosen = set(numbers)
        reached = reach(self._after, (2 * number + 1 for number in chosen))
        return chosen | {vertex // 2 for vertex in reached if vertex % 2 == 0}

    def upstream(self, numbers: Iterable[int]) -> set[int]:
        """These nodes and all that must have started or ended before they start."""
        chosen = set(numbers)
        return chosen | {vertex // 2 for vertex in reach(self._before, (2 * number for number in chosen))}

    def with_feeders(self, outside: set[int]) -> set[int]:
        """These nodes and those that feed only such nodes."""
        found, waiting = set(outside), deque(outside)
        while waiting:
            for number in self._feeders(waiting.popleft()):
                if number not in found and all(fed in found for fed in self._fed(number)):
                    found.add(number)
                    waiting.append(number)
        return found

    def _feeders(self, number: int) -> Iterator[int]:
        node = self._plan.nodes[number]
        yield from (edge.source_node for edges in node.incoming.values() for edge in edges)
        if node.parent is not None:
            yield node.parent

    def _fed(self, number: int) -> Iterator[int]:
        node = self._plan.nodes[number]
        yield from (edge.target_node for edges in node.outgoing.values() for edge in edges)
        yield from node.members


def reach(steps: Sequence[Sequence[int]], roots: Iterable[int]) -> set[int]:
    """All vertices that can be reached by steps from these, themselves included."""
    reached = set(roots)
    waiting = list(reached)
    while waiting:
        for vertex in steps[waiting.pop()]:
            if vertex not in reached:
                reached.add(vertex)
                waiting.append(vertex)
    return reached
