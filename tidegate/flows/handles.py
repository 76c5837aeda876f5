"""What a flow in Python gives to refer to its nodes and their ports."""

from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from engine.document import PortReference
from engine.errors import TidegateError
from engine.ports import ERROR, ERROR_MESSAGE, SUCCESS, SYSTEM_OUTPUTS, PortKind, Ports

SYSTEM_KINDS = {SUCCESS: PortKind.BOOLEAN, ERROR: PortKind.BOOLEAN, ERROR_MESSAGE: PortKind.STRING}


class FlowError(TidegateError):
    """The flow cannot be built like this."""


class NoSuchPort(FlowError, AttributeError):
    """The node has no such port."""


class OutputPort:
    """An output of a node, to be given to inputs of others."""

    def __init__(self, reference: PortReference, kind: PortKind, flow: object) -> None:
        self.reference = reference
        self.kind = kind
        self._flow = flow

    def __str__(self) -> str:
        return str(self.reference)

    __repr__ = __str__


class FlowNode:
    """A node of a flow. Its outputs are its attributes, `total.result`; those with other names are its items.

    Where an output is expected, a node that has one only can be given itself.
    """

    def __init__(self, id: str, type: str, ports: Ports, flow: object) -> None:
        self._flow = flow
        self._id = id
        self._type = type
        self._ports = ports

    @property
    def succeeded(self) -> OutputPort:
        """Whether it has completed: `__success`."""
        return self[SUCCESS]

    @property
    def failed(self) -> OutputPort:
        """Whether it has failed: `__error`; resolves only then."""
        return self[ERROR]

    @property
    def error_message(self) -> OutputPort:
        """Why it has failed: `__errorMessage`; resolves only then."""
        return self[ERROR_MESSAGE]

    def __getitem__(self, name: str) -> OutputPort:
        kind = self._ports.outputs[name].kind if name in self._ports.outputs else SYSTEM_KINDS.get(name)
        if kind is None:
            outputs = listed([*self._ports.outputs, *SYSTEM_OUTPUTS])
            raise NoSuchPort(f"The node {self} has no output {name!r}; it has {outputs}.")
        return OutputPort(PortReference(self._id, name), kind, self._flow)

    def __getattr__(self, name: str) -> OutputPort:
        # Python looks for methods of its own in this way too, such as __deepcopy__.
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def __str__(self) -> str:
        return f"{self._id!r} ({self._type})"

    __repr__ = __str__


Source: TypeAlias = OutputPort | FlowNode
"""Where an edge comes from."""

Given: TypeAlias = Source | Sequence[Source] | Any
"""What an input gets: an edge, several, or a constant, which may be any JSON."""


def port_of(source: Source) -> OutputPort:
    """The port itself, or the only output of a node."""
    if isinstance(source, OutputPort):
        return source
    names = list(source._ports.outputs)
    if len(names) != 1:
        raise FlowError(f"Say which output of the node {source} is meant: {listed(names or SYSTEM_OUTPUTS)}.")
    return source[names[0]]


def listed(names: Collection[str]) -> str:
    """Names as a message lists them."""
    return ", ".join(names) if names else "none"
