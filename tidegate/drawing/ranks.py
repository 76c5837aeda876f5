"""Which column each vertex of a graph comes into."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from tidegate.drawing.shapes import Link, Vertex

Followers = Mapping[int, Sequence[int]]


def find_ranks(vertices: Sequence[Vertex], links: Sequence[Link]) -> list[int]:
    """The column of each vertex: behind all its predecessors; what has none, right before its first successor."""
    followers: dict[int, list[int]] = defaultdict(list)
    for link in links:
        followers[link.source].append(link.target)
    ranks = _longest_ways(vertices, followers)
    fed = {link.target for link in links}
    start = _start(vertices)
    for vertex, each in enumerate(vertices):
        if vertex not in fed and followers[vertex] and not each.first:
            ranks[vertex] = max(start, min(ranks[follower] for follower in followers[vertex]) - 1)
    deepest = max((rank for rank, each in zip(ranks, vertices, strict=True) if not each.last), default=-1)
    return [deepest + 1 if each.last else rank for rank, each in zip(ranks, vertices, strict=True)]


def _start(vertices: Sequence[Vertex]) -> int:
    """The column where those begin that are not of the first."""
    return int(any(each.first for each in vertices))


def _longest_ways(vertices: Sequence[Vertex], followers: Followers) -> list[int]:
    start = _start(vertices)
    ranks = [0 if each.first else start for each in vertices]
    order = _without_circles(len(vertices), followers)
    place = {vertex: number for number, vertex in enumerate(order)}
    for vertex in order:
        for follower in followers.get(vertex, ()):
            if place[follower] > place[vertex]:
                ranks[follower] = max(ranks[follower], ranks[vertex] + 1)
    return ranks


def _without_circles(count: int, followers: Followers) -> list[int]:
    """An order in which vertices come before their followers, but for the links that close a circle."""
    seen: set[int] = set()
    done: list[int] = []
    for root in reversed(range(count)):
        stack = [] if root in seen else [(root, iter(followers.get(root, ())))]
        seen.add(root)
        while stack:
            vertex, rest = stack[-1]
            follower = next((each for each in rest if each not in seen), None)
            if follower is None:
                done.append(vertex)
                stack.pop()
            else:
                seen.add(follower)
                stack.append((follower, iter(followers.get(follower, ()))))
    return done[::-1]
