"""What nodes may reach beyond their inputs: hosts that are not global, other flows, and secrets."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.document import FlowDocument
from engine.errors import InputError
from engine.spawns import CalledFlow

if TYPE_CHECKING:
    from engine.node import AnyNode


@dataclass(frozen=True, slots=True)
class FoundFlow:
    """A flow that may be called: its version, and the document of that."""

    called: CalledFlow
    document: FlowDocument


FindFlow = Callable[[str], Awaitable[FoundFlow]]
"""Finds a flow by its id; raises `InputError` if the execution's owner has none of that id."""


async def find_no_flow(flow_id: str) -> FoundFlow:
    """Find nothing, as where an execution is run by itself."""
    raise InputError(f"There is no flow {flow_id[:100]!r}.")


FindSecret = Callable[[str], Awaitable[str]]
"""Finds a secret by its name.

Raises `InputError` if the owner of the tree has none of that name, and `NodeError` if it cannot be read.
"""


async def find_no_secret(name: str) -> str:
    """Find nothing, as where an execution is run by itself."""
    raise InputError(f"There is no secret {name!r}.")


@dataclass(frozen=True, slots=True)
class Reach:
    """`http_allow` are the hosts (`host` or `host:port`) that nodes may reach although they are not global.

    `node_types` are those that a node may run as a tool.
    """

    http_allow: frozenset[str] = field(default=frozenset())
    find_flow: FindFlow = find_no_flow
    find_secret: FindSecret = find_no_secret
    node_types: "Mapping[str, type[AnyNode]]" = field(default_factory=dict)
