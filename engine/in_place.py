"""Attempts that are made on the spot: those of pure nodes that neither wait nor look at anything but their inputs."""

import dis
from collections.abc import Callable, Mapping
from functools import cache
from inspect import iscoroutinefunction, isfunction
from typing import Any

from engine.attempt import run_at_once
from engine.commands import NodeOutcome
from engine.node import AnyNode, Context
from engine.opening import opened
from engine.plan import PlanNode
from engine.reporting import elapsed_ms, failure_command, outcome_command
from engine.values import Value

NOWHERE = Context(
    execution_id="",
    root_execution_id="",
    parent_execution_id=None,
    depth=0,
    node_id="",
    attempt=0,
    idempotency_key="",
    inputs={},
)
"""What a node is given that does not look at its context."""


@cache
def is_simple(kind: type[AnyNode]) -> bool:
    """Whether an attempt of a node of this type, which came with Tidegate, is a mere call."""
    return kind.pure and kind.runs_in == "loop" and never_waits(kind.run) and not looks_around(kind.run)


def attempt_in_place(
    node: PlanNode, attempt: int, inputs: Mapping[str, Value], clock: Callable[[], float]
) -> NodeOutcome:
    """Make an attempt of a simple node without streams; `clock` counts seconds."""
    began = clock()
    try:
        outcome = run_at_once(node.node_type, opened(node, inputs), NOWHERE)
        return outcome_command(node, attempt, outcome, elapsed_ms(began, clock()))
    except BaseException as error:
        return failure_command(node, attempt, error, NOWHERE.secrets, elapsed_ms(began, clock()))


@cache
def never_waits(run: Callable[..., Any]) -> bool:
    """Whether a node's `run` has no `await` in it.

    Only such a node can run to its end outside of a task: whatever waits may ask for the task that it is in.
    """
    return iscoroutinefunction(run) and not any(step.opname == "SEND" for step in dis.get_instructions(run))


@cache
def looks_around(run: Callable[..., Any]) -> bool:
    """Whether a node's `run` speaks of its context anywhere; for most nodes there need not be one."""
    if not isfunction(run) or run.__code__.co_argcount != 3:
        return True
    name = run.__code__.co_varnames[2]
    return any(step.argval == name for step in dis.get_instructions(run))
