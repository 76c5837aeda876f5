"""Prints a flow of exactly 1,000 nodes: 500 terms of a series are added up, two at a time, and come to nearly pi.

Its nodes are many, but the way through them is short: nine sums, one after another.

.venv/bin/python examples/thousand_nodes.py | .venv/bin/tidegate run -
"""

from collections import deque

from tidegate.flows import Flow, FlowNode

TERMS = 500


def flow() -> Flow:
    """pi = 4/1 - 4/3 + 4/5 - 4/7 …: its terms, their sums, and an output."""
    pi = Flow("A thousand nodes", description=f"Adds up {TERMS} terms of a series for pi; each term and sum is a node.")
    sums = deque(term(pi, number) for number in range(TERMS))
    for number in range(1, TERMS):
        two = {"a": sums.popleft(), "b": sums.popleft()}
        sums.append(pi.node("math.arithmetic", id=f"sum_{number}", operation="add", **two))
    pi.output("pi", sums.pop())
    return pi


def term(pi: Flow, number: int) -> FlowNode:
    sign = (-1) ** number
    return pi.node("math.arithmetic", id=f"term_{number}", operation="divide", a=4 * sign, b=2 * number + 1)


if __name__ == "__main__":
    print(flow().to_yaml(), end="")
