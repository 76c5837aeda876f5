"""The engine alone, on one core: chains and fan-outs of nodes that only add, run in memory.

Included is all that a worker does for a node beside the database: readiness, decisions, the node with the checks of its
inputs and outputs, the fold, the writer's batches, and the rows of every event as they would be sent. Left out are
reading the document, the journal and the connection. A flow of 100,000 nodes is compiled without the validation that
refuses more than 10,000. The figure is of processor time, so that others on the machine do not count; the
rounds of all sizes take turns, and each has its best.
"""

import gc
import time
from dataclasses import dataclass
from itertools import product

from bench.figures import Figure, rounded
from bench.flows import Document, chain, fan_out
from bench.memory import EXECUTION_ID, MemoryLedger, Seat, present
from engine.document import EdgeDocument, FlowDocument, NodeDocument
from engine.entry import milliseconds
from engine.nodes import BUILT_IN
from engine.options import ExecutionOptions
from engine.plan import Plan, compile_plan
from engine.runner import Runner
from engine.state import Setup, State
from engine.status import ExecutionStatus, RecordEvents

SIZES = (1_000, 10_000, 100_000)
SHAPES = {"chain": lambda size: chain(size - 1), "fan_out": lambda size: fan_out(size - 2)}
NODES_A_ROUND = 20_000
ROUNDS = 3
TARGET = ">= 30000"


@dataclass(frozen=True, slots=True)
class Case:
    """A flow of one size, and how much of it is recorded."""

    shape: str
    size: int
    recorded: RecordEvents
    plan: Plan

    @property
    def name(self) -> str:
        return f"engine_{self.shape}_of_{self.size}_{self.recorded.lower()}"


async def measure() -> None:
    """Print nodes per second of each shape, size and amount of recording, and how the time grows with the size."""
    cases = [
        Case(shape, size, recorded, plan)
        for (shape, make), size in product(SHAPES.items(), SIZES)
        for plan in [_plan(make(size))]
        for recorded in (RecordEvents.NODES, RecordEvents.ALL)
    ]
    gc.freeze()
    rounds = [[await _seconds_a_node(case) for case in cases] for _ in range(ROUNDS)]
    best = {case.name: min(seconds) for case, seconds in zip(cases, zip(*rounds, strict=True), strict=True)}
    for case in cases:
        _report(case, best[case.name], best[case.name.replace(str(case.size), str(SIZES[0]), 1)])


def _plan(document: Document) -> Plan:
    nodes = tuple(NodeDocument.model_validate(node) for node in document["nodes"])
    edges = tuple(EdgeDocument.model_validate(edge) for edge in document["edges"])
    # Not validated as a whole, which would refuse more nodes than a document may have.
    whole = FlowDocument.model_construct(tidegate=1, name=document["name"], nodes=nodes, edges=edges)
    return compile_plan(whole, BUILT_IN)


def _report(case: Case, seconds: float, smallest: float) -> None:
    target = TARGET if case.recorded is RecordEvents.NODES else None
    Figure(case.name, rounded(1 / seconds), "nodes/s", target).print()
    Figure(f"{case.name}_cpu", rounded(seconds * 1000), "ms/node").print()
    if case.size != SIZES[0]:
        Figure(f"{case.name}_growth", rounded(seconds / smallest), "x of linear", "about 1").print()


async def _seconds_a_node(case: Case) -> float:
    """Processor time a node, of as many runs as make a round."""
    runs = max(NODES_A_ROUND // case.size, 1)
    gc.collect()
    began = time.process_time()
    for _ in range(runs):
        await _run(case)
    return (time.process_time() - began) / (runs * len(case.plan.nodes))


async def _run(case: Case) -> None:
    now, options = present(), ExecutionOptions(record_events=case.recorded)
    ledger = MemoryLedger(options, now)
    state = State(case.plan, Setup(EXECUTION_ID, milliseconds(now), options))
    await Runner(state, ledger, Seat()).run()
    if ledger.status is not ExecutionStatus.COMPLETED:
        raise RuntimeError(f"{case.name} ended as {ledger.status}")
