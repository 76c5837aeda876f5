"""Flows of the tests."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.jobs.nodes import Notes

Nodes = list[dict[str, Any]]
Edges = list[tuple[str, str]]

TRIVIAL: Nodes = [
    {"id": "one", "type": "value.number", "inputs": {"value": 1}},
    {"id": "out", "type": "flow.output", "inputs": {"name": "value"}},
]
TRIVIAL_EDGES: Edges = [("one.value", "out.value")]


def witness(id: str, notes: Notes, gate: Path | None = None) -> dict[str, Any]:
    """A node with an effect, which waits for a gate if there is one."""
    inputs: dict[str, Any] = {"notes": str(notes.path), "value": id}
    return {"id": id, "type": "test.witness", "inputs": {**inputs, "gate": str(gate)} if gate else inputs}


def in_a_row(nodes: Nodes) -> Edges:
    """Edges that make each node wait for the one before it."""
    return [(f"{first['id']}.__success", f"{then['id']}.__execute") for first, then in pairwise(nodes)]
