"""Invariants that take more than the tables: what the API acknowledged, what effects noted, what a flow must come to.

Each function gives one line for each violation, which names the execution and, where there is one, the event.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from storage.pool import Connection
from tests.tree_rules import Seen, check_complete, check_order

Outputs = Mapping[str, Any]


async def missing_mutations(
    connection: Connection, executions: Iterable[str], commands: Mapping[tuple[str, str], int]
) -> list[str]:
    """I1: executions and commands (execution, kind) that were acknowledged and are not there as often."""
    there = {row["id"] for row in await connection.fetch("select id from executions")}
    query = "select execution_id, command, count(*) as times from mailbox group by execution_id, command"
    kept = {(row["execution_id"], row["command"]): row["times"] for row in await connection.fetch(query)}
    lost = [f"I1: {execution} was acknowledged and is not there" for execution in executions if execution not in there]
    for (execution, command), times in commands.items():
        if kept.get((execution, command), 0) < times:
            lost.append(
                f"I1: {execution}: {command} was acknowledged {times} times, {kept.get((execution, command), 0)} kept"
            )
    return lost


async def strange_effects(connection: Connection, began: Iterable[tuple[str, int]], node_type: str) -> list[str]:
    """I4: effects (idempotency key, attempt) that nobody had decided on, were called twice, or are missing.

    An attempt with an effect begins once, after its NODE_STARTED is in the log; a node that completed has begun, unless
    it was taken over (attempt 0), which no effect is called for.
    """
    times = Counter(began)
    query = """select execution_id, index, type, node_id, (data::json ->> 'attempt')::integer as attempt
        from execution_events where type in ('NODE_STARTED', 'NODE_COMPLETED') and data::json ->> 'nodeType' = $1"""
    decided, completed = set(), {}
    for row in await connection.fetch(query, node_type):
        attempt = (f"{row['execution_id']}:{row['node_id']}", row["attempt"])
        if row["type"] == "NODE_STARTED":
            decided.add(attempt)
        elif row["attempt"]:
            completed[attempt] = row["index"]
    there = {row["id"] for row in await connection.fetch("select id from executions")}
    own = {attempt: count for attempt, count in times.items() if attempt[0].partition(":")[0] in there}
    return [
        *(f"I4: {key}: attempt {number} began {count} times" for (key, number), count in own.items() if count > 1),
        *(
            f"I4: {key}: attempt {number} began, but its start is not in the log"
            for key, number in own.keys() - decided
        ),
        *(
            f"I4: {key}: attempt {number} completed at index {completed[key, number]} and never began"
            for key, number in completed.keys() - own.keys()
        ),
    ]


async def wrong_outputs(connection: Connection, expected: Mapping[str, Outputs], stopped: Iterable[str]) -> list[str]:
    """I6: executions that came to other outputs than expected; those in `stopped` may have been stopped instead."""
    query = "select id, status, outputs, error from executions where id = any ($1::text[])"
    may_stop, wrong = set(stopped), []
    for row in await connection.fetch(query, list(expected)):
        execution, status = row["id"], row["status"]
        if status == "STOPPED" and execution in may_stop:
            continue
        outputs = json.loads(row["outputs"] or "null")
        if status != "COMPLETED" or outputs != expected[execution]:
            wrong.append(f"I6: {execution} is {status} with {outputs}, not {expected[execution]} ({row['error']})")
    return wrong


async def wrong_node_outputs(
    connection: Connection, expected: Mapping[str, Mapping[str, Outputs]], stopped: Iterable[str]
) -> list[str]:
    """I6: executions whose nodes completed with other outputs than expected, or other nodes did."""
    query = """select execution_id, node_id, data from execution_events
        where type = 'NODE_COMPLETED' and execution_id = any ($1::text[])"""
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for row in await connection.fetch(query, list(expected)):
        outputs = json.loads(row["data"])["outputs"]
        found[row["execution_id"]][row["node_id"]] = {k: v for k, v in outputs.items() if not k.startswith("__")}
    may_stop, wrong = set(stopped), []
    for execution, nodes in expected.items():
        differing = {node for node in {*nodes, *found[execution]} if nodes.get(node) != found[execution].get(node)}
        unfinished = {node for node in differing if node not in found[execution]}
        if differing and not (execution in may_stop and differing == unfinished):
            wrong.append(f"I6: {execution}: other outputs than predicted at {sorted(differing)}")
    return wrong


async def misread_logs(connection: Connection, seen: Mapping[str, Mapping[int, tuple[str, str, Any]]]) -> list[str]:
    """I7: executions of which a subscriber saw something else than the log; events are kind, time and data by index."""
    query = """select index, type, to_char(timestamp at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at, data
        from execution_events where execution_id = $1 order by index"""
    wrong = []
    for execution, events in seen.items():
        rows = await connection.fetch(query, execution)
        log = {row["index"]: (row["type"], row["at"], json.loads(row["data"])) for row in rows}
        differing = sorted(index for index in {*log, *events} if log.get(index) != events.get(index))
        if differing:
            first = differing[0]
            wrong.append(f"I7: {execution} at index {first}: seen {events.get(first)}, in the log {log.get(first)}")
    return wrong


async def misread_trees(connection: Connection, seen: Mapping[str, Sequence[Seen]]) -> list[str]:
    """I7: trees, by root, whose subscriber saw something else than their logs, or an effect before its cause."""
    query = "select id, last_index from executions join execution_heads on execution_id = id where root_id = $1"
    wrong = []
    for root, stream in seen.items():
        try:
            check_order(stream)
            check_complete(stream, dict(await connection.fetch(query, root)))
        except AssertionError as error:
            wrong.append(f"I7: the tree {root}: {error}")
    return wrong
