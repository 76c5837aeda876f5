"""A client that commands an execution at random moments, and in the end lets it go on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from engine.commands import Command, Pause, Resume, SetBreakpoints, Signal, Start, Step
from engine.status import ExecutionStatus
from engine.values import Value
from tests.engine.commanded import wait_for
from tests.engine.family import Member
from tests.engine.graphs import LONGEST_MS
from tests.engine.running import Document, output

ACCEPTED_IN = {Pause: ExecutionStatus.RUNNING, Resume: ExecutionStatus.PAUSED, Step: ExecutionStatus.PAUSED}
LEADS_TO = {
    Start: ExecutionStatus.RUNNING,
    Pause: ExecutionStatus.PAUSED,
    Resume: ExecutionStatus.RUNNING,
}


@dataclass(frozen=True)
class Act:
    """What a client does after so many milliseconds; None: the worker is lost."""

    after_ms: int
    command: Command | None


def accepts(member: Member, command: Command) -> bool:
    """Whether the command is taken, judged as if all that were taken before had been applied."""
    if member.has_ended:
        return False
    status = member.told_status
    for letter in member.ledger.mailbox:
        if letter.seq > member.ledger.applied:
            status = LEADS_TO.get(type(letter.command), status)
    return ACCEPTED_IN.get(type(command), status) is status


def post(member: Member, command: Command) -> None:
    """Send a command if it is accepted."""
    if accepts(member, command):
        member.send(command)


async def play(member: Member, acts: Sequence[Act], signals: Sequence[Signal]) -> None:
    """Do all that, send the signals that are left, and let the execution go on until it has ended."""
    for act in acts:
        await asyncio.sleep(act.after_ms / 1000)
        if act.command:
            post(member, act.command)
        elif member.work and not member.work.done():
            member.lose()
    for command in (SetBreakpoints([]), *signals):
        post(member, command)
    while not member.has_ended:
        post(member, Resume())
        await asyncio.sleep(LONGEST_MS / 1000)


def signals_of(document: Document) -> list[Signal]:
    """One signal for each wait, each with a payload of its own."""
    names = [node["inputs"]["name"] for node in document["nodes"] if node["type"] == "signal.wait"]
    return [Signal(name, Value.of([name])) for name in names]


@st.composite
def with_waits(draw: DrawFn, documents: st.SearchStrategy[Document]) -> Document:
    """Documents to which waits for signals were added, one for each name, and an output of what comes."""
    document = draw(documents)
    nodes, edges = list(document["nodes"]), list(document["edges"])
    sources = [node["id"] for node in nodes if node["type"] != "flow.output"]
    for number in range(draw(st.integers(0, 2))):
        nodes += [wait_for(f"w{number}", f"s{number}"), output(f"o{number}")]
        edges.append({"from": f"w{number}.payload", "to": f"o{number}.value"})
        for port in draw(st.sampled_from([(), ("__after",), ("__execute",)])) if sources else ():
            edges.append({"from": f"{draw(st.sampled_from(sources))}.__success", "to": f"w{number}.{port}"})
    return {**document, "nodes": draw(st.permutations(nodes)), "edges": edges}


@st.composite
def acts(draw: DrawFn, document: Mapping[str, Any]) -> list[Act]:
    """What a client may do to an execution of this document, and its worker may suffer."""
    ids = st.sampled_from([node["id"] for node in document["nodes"]])
    commands: list[Any] = [
        st.just(Pause()), st.just(Step()), st.just(Step()), st.just(Resume()), st.none(),
        st.lists(ids, max_size=3, unique=True).map(SetBreakpoints),
    ]  # fmt: skip
    if signals := signals_of(document):
        commands.append(st.sampled_from(signals))
    after = st.sampled_from([0, 0, 1]) | st.integers(0, LONGEST_MS)
    return draw(st.lists(st.builds(Act, after, st.one_of(commands)), min_size=1, max_size=14))
