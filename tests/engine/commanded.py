"""Executions that a test pauses, steps and goes on with by hand."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from engine.commands import Pause, Resume
from engine.status import ExecutionStatus
from tests.engine.family import Family, Member
from tests.engine.running import Document, until

UNCHANGING = ("EDGE_", "NODE_STATUS_")


def emit(node_id: str, event: str, payload: Any = None, **settings: Any) -> dict[str, Any]:
    """An event.emit."""
    return {"id": node_id, "type": "event.emit", "inputs": {"eventName": event, "payload": payload}, **settings}


def listen(node_id: str, event: str, **settings: Any) -> dict[str, Any]:
    """An event.listen."""
    return {"id": node_id, "type": "event.listen", "inputs": {"eventName": event}, **settings}


def wait_for(node_id: str, signal: str, **inputs: Any) -> dict[str, Any]:
    """A signal.wait; `retry` goes to the node, all else to its inputs."""
    retry = {"retry": inputs.pop("retry")} if "retry" in inputs else {}
    return {"id": node_id, "type": "signal.wait", "inputs": {"name": signal, **inputs}, **retry}


def node(node_id: str, type_: str, /, **inputs: Any) -> dict[str, Any]:
    """A node of any type with these inputs."""
    return {"id": node_id, "type": type_, "inputs": inputs}


@asynccontextmanager
async def running(document: Document, **settings: Any) -> AsyncIterator[Member]:
    """A flow that has been started; leaves when all of it has ended."""
    family = Family(document, **settings)
    async with family.under_way():
        yield family.root


@asynccontextmanager
async def paused(document: Document, **settings: Any) -> AsyncIterator[Member]:
    """A flow that was paused before any node began; it goes on when the test is done with it."""
    async with running(document, **settings) as root:
        root.send(Pause())
        await until(lambda: root.told_status is ExecutionStatus.PAUSED)
        yield root
        if not root.has_ended:
            root.send(Resume())


def starts(member: Member) -> list[str]:
    """The nodes that have started, in order, each as often as it has."""
    return [event.split()[1] for event in member.story if event.startswith("NODE_STARTED ")]


def after(member: Member, event: str, number: int = 1) -> list[str]:
    """The member's story from the n-th of these events on."""
    story = member.story
    for _ in range(number):
        story = story[story.index(event) + 1 :]
    return [event, *story]


def fields(event: Any, *names: str) -> Mapping[str, Any]:
    """Some fields of an event."""
    return {name: getattr(event, name) for name in names}
