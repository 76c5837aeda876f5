"""What must be true of what a client saw, whatever client it is."""

from pathlib import Path
from typing import Any

import httpx

CLIENTS = Path(__file__).parent


def document(name: str) -> str:
    """The text of an operation that all clients use."""
    return (CLIENTS / "documents" / f"{name}.graphql").read_text()


def read_log(url: str, execution: str) -> list[dict[str, Any]]:
    """All events of an execution, by a plain query."""
    request = {"query": document("executionLog"), "variables": {"id": execution}}
    page = httpx.post(url, json=request).json()["data"]["execution"]["events"]
    assert not page["hasMore"]
    return page["events"]


def assert_whole(events: list[dict[str, Any]], log: list[dict[str, Any]]) -> None:
    """That these are all events of an execution that has completed, in order, and none of them twice."""
    assert [event["index"] for event in events] == list(range(-1, len(events) - 1))
    assert events == log
    assert (events[0]["type"], events[-1]["type"]) == ("EXECUTION_CREATED", "FLOW_COMPLETED")
    assert events[-1]["data"]["outputs"] == {"answer": {"opens": "second"}}
