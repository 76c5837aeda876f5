"""Tidegate: durable flow execution, watched live over GraphQL.

What nodes are written with is here: `from tidegate import Context, Input, Node, Output`; docs/node-guide.md tells how.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidegate.sdk import *  # noqa: F403


def __getattr__(name: str) -> Any:
    """Import what nodes are written with when it is asked for: a command that needs none of it starts without."""
    if not name.startswith("_"):
        sdk = import_module("tidegate.sdk")
        if name in sdk.__all__:
            return getattr(sdk, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
