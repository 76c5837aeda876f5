"""Circles in a directed graph, in time linear in its size and without recursion.

A graph is given as the followers of each vertex; vertices are numbered from 0.
"""

from collections import deque
from collections.abc import Iterator, Sequence

Graph = Sequence[Sequence[int]]


def find_circles(followers: Graph) -> list[list[int]]:
    """One circle, a shortest through its first vertex, for each strongly connected part that has any."""
    return [_circle(followers, part) for part in _parts(followers) if _is_circular(followers, part)]


def _is_circular(followers: Graph, part: Sequence[int]) -> bool:
    return len(part) > 1 or part[0] in followers[part[0]]


def _parts(followers: Graph) -> Iterator[list[int]]:
    """The strongly connected parts, by Kosaraju's two walks."""
    seen: set[int] = set()
    order = [vertex for root in range(len(followers)) for vertex in _finished(followers, root, seen)]
    before = _reversed(followers)
    seen.clear()
    for root in reversed(order):
        if part := list(_finished(before, root, seen)):
            yield part


def _reversed(followers: Graph) -> list[list[int]]:
    before: list[list[int]] = [[] for _ in followers]
    for vertex, each in enumerate(followers):
        for follower in each:
            before[follower].append(vertex)
    return before


def _finished(followers: Graph, root: int, seen: set[int]) -> Iterator[int]:
    """Walk depth first to all vertices not seen yet; yields each when all behind it are done."""
    stack = [] if root in seen else [(root, iter(followers[root]))]
    seen.add(root)
    while stack:
        vertex, rest = stack[-1]
        follower = next((each for each in rest if each not in seen), None)
        if follower is None:
            stack.pop()
            yield vertex
        else:
            seen.add(follower)
            stack.append((follower, iter(followers[follower])))


def _circle(followers: Graph, part: Sequence[int]) -> list[int]:
    """A shortest way from the first vertex of a strongly connected part back to it."""
    root, inside = min(part), set(part)
    came_from: dict[int, int] = {}
    waiting = deque([root])
    while root not in came_from:
        vertex = waiting.popleft()
        for follower in followers[vertex]:
            if follower in inside and follower not in came_from:
                came_from[follower] = vertex
                waiting.append(follower)
    return _way_back(came_from, root)


def _way_back(came_from: dict[int, int], root: int) -> list[int]:
    way = [root]
    while (vertex := came_from[way[-1]]) != root:
        way.append(vertex)
    return [root, *reversed(way[1:])]
