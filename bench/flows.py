"""The flows that are measured."""

from typing import Any

Document = dict[str, Any]


def chain(length: int) -> Document:
    """Arithmetic nodes, each adding 1 to what the one before it gave."""
    add = {"a": 0, "b": 1, "operation": "add"}
    nodes: list[Document] = [{"id": f"n{i}", "type": "math.arithmetic", "inputs": add} for i in range(length)]
    nodes.append({"id": "out", "type": "flow.output", "inputs": {"name": "total"}})
    edges = [{"from": f"n{i}.result", "to": f"n{i + 1}.a"} for i in range(length - 1)]
    edges.append({"from": f"n{length - 1}.result", "to": "out.value"})
    return {"tidegate": 1, "name": f"Chain of {length}", "nodes": nodes, "edges": edges}


def fan_out(width: int) -> Document:
    """One node whose result goes to `width` others, all of which are collected again."""
    inputs = {"a": 1, "b": 2, "operation": "add"}
    nodes: list[Document] = [{"id": "source", "type": "math.arithmetic", "inputs": inputs}]
    nodes += [{"id": f"n{i}", "type": "math.arithmetic", "inputs": inputs} for i in range(width)]
    nodes.append({"id": "all", "type": "flow.collect"})
    edges = [{"from": "source.result", "to": f"n{i}.a"} for i in range(width)]
    edges += [{"from": f"n{i}.result", "to": "all.items"} for i in range(width)]
    return {"tidegate": 1, "name": f"Fan-out of {width}", "nodes": nodes, "edges": edges}
