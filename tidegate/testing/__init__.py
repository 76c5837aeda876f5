"""Tests of nodes and of flows, without a server: `run_node` and `run_flow`."""

from tidegate.testing.flows import FlowResult, NothingComes, run_flow
from tidegate.testing.nodes import NodeResult, run_node

__all__ = ["FlowResult", "NodeResult", "NothingComes", "run_flow", "run_node"]
