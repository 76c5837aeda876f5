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


def mapping(flow_id: str, count: int) -> Document:
    """A node that runs another flow for each of `count` numbers."""
    inputs = {"flowId": flow_id, "items": list(range(count))}
    return {"tidegate": 1, "name": f"Map of {count}", "nodes": [{"id": "map", "type": "flow.map", "inputs": inputs}]}


def calling(flow_id: str) -> Document:
    """A node that runs another flow."""
    return {
        "tidegate": 1,
        "name": "Call",
        "nodes": [{"id": "call", "type": "flow.call", "inputs": {"flowId": flow_id}}],
    }


def doubling() -> Document:
    """A flow that gives twice its item."""
    nodes: list[Document] = [
        {"id": "item", "type": "flow.input", "inputs": {"name": "item"}},
        {"id": "double", "type": "math.arithmetic", "inputs": {"b": 2, "operation": "multiply"}},
        {"id": "out", "type": "flow.output", "inputs": {"name": "doubled"}},
    ]
    edges = [{"from": "item.value", "to": "double.a"}, {"from": "double.result", "to": "out.value"}]
    return {"tidegate": 1, "name": "Doubling", "nodes": nodes, "edges": edges}


def sleeping(milliseconds: int) -> Document:
    """A flow that only sleeps."""
    nap = {"id": "nap", "type": "time.sleep", "inputs": {"durationMs": milliseconds}}
    return {"tidegate": 1, "name": "Sleep", "nodes": [nap]}


def naps(count: int, milliseconds: int) -> Document:
    """Short sleeps in a row, which hold their worker."""
    inputs = {"durationMs": milliseconds}
    nodes: list[Document] = [{"id": f"n{i}", "type": "time.sleep", "inputs": inputs} for i in range(count)]
    edges = [{"from": f"n{i}.__success", "to": f"n{i + 1}.__execute"} for i in range(count - 1)]
    return {"tidegate": 1, "name": f"{count} naps", "nodes": nodes, "edges": edges}


def awaiting() -> Document:
    """A flow that only waits for a signal."""
    wait = {"id": "wait", "type": "signal.wait", "inputs": {"name": "go"}}
    return {"tidegate": 1, "name": "Wait", "nodes": [wait]}
