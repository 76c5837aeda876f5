"""A flow that is built in Python, node by node."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from engine.document import FLOW_INPUT, FLOW_OUTPUT, GROUP, FlowDocument, RetryPolicy, is_node_id
from engine.node import AnyNode
from engine.nodes import BUILT_IN
from engine.ports import AFTER, EXECUTE, SYSTEM_INPUTS, compatible
from engine.registry import NodeTypes
from engine.spelling import did_you_mean
from engine.validation import load_document
from tidegate.flow_text import flow_text
from tidegate.flows.handles import FlowError, FlowNode, Given, NoSuchPort, OutputPort, Source, listed, port_of

NO_DEFAULT = object()


class Flow:
    """A flow: its nodes in the order in which they are made, its edges in the order in which they are given.

    `node_types` are those that there are; without it, the built-in ones.
    """

    def __init__(
        self, name: str, *, description: str | None = None, metadata: Any = None, node_types: NodeTypes = BUILT_IN
    ) -> None:
        self._head = _given(tidegate=1, name=name, description=description, metadata=metadata)
        self._node_types = node_types
        self._nodes: dict[str, dict[str, Any]] = {}
        self._edges: list[dict[str, str]] = []
        self._groups: list[str] = []

    def node(
        self,
        type: str,
        id: str | None = None,
        inputs: Mapping[str, Given] | None = None,
        *,
        title: str | None = None,
        execute: Source | Sequence[Source] = (),
        after: Source | Sequence[Source] = (),
        retry: RetryPolicy | None = None,
        timeout_ms: int | None = None,
        disabled: bool = False,
        ui: Any = None,
        **more: Given,
    ) -> FlowNode:
        """Add a node, in the group that is open; raises `FlowError`.

        Its inputs are given by name, in `inputs` or as further arguments: an output of another node, a list of them, or
        a constant. Without `id` it is called after its type. `execute` and `after` are its system inputs; there a node
        stands for its `succeeded`.
        """
        id = self._fresh_id(id, type.rpartition(".")[2])
        given = {**(inputs or {}), **more}
        constants = {name: data for name, data in given.items() if not _is_edges(name, data)}
        node = FlowNode(id, type, self._type(type).ports(constants), self)
        _check_names(node, type, given)
        self._nodes[id] = _given(
            id=id,
            type=type,
            title=title,
            parent=self._groups[-1] if self._groups else None,
            inputs=copy.deepcopy(constants) or None,
            retry=retry and retry.model_dump(by_alias=True, exclude_unset=True, mode="json"),
            timeoutMs=timeout_ms,
            disabled=disabled or None,
            ui=ui,
        )
        edges = {name: data for name, data in given.items() if name not in constants}
        self._add_edges(node, {EXECUTE: _signals(execute), AFTER: _signals(after), **edges})
        return node

    def input(
        self, name: str, *, schema: Mapping[str, Any] | None = None, default: Any = NO_DEFAULT, id: str | None = None,
        title: str | None = None,
    ) -> FlowNode:  # fmt: skip
        """Add an input of the flow; without `id` it is called as the input is."""
        default = {} if default is NO_DEFAULT else {"default": default}
        return self.node(FLOW_INPUT, id or name, {"name": name, **_given(schema=schema), **default}, title=title)

    def output(self, name: str, value: Given, *, id: str | None = None, title: str | None = None) -> FlowNode:
        """Add an output of the flow; without `id` it is called as the output is, with `_out` behind it."""
        return self.node(FLOW_OUTPUT, id or f"{name}_out", {"name": name, "value": value}, title=title)

    @contextmanager
    def group(self, id: str, **settings: Any) -> Iterator[FlowNode]:
        """Add a group; what is added while it is open belongs to it. It takes the settings that `node` does."""
        group = self.node(GROUP, id, **settings)
        self._groups.append(id)
        try:
            yield group
        finally:
            self._groups.pop()

    def connect(self, source: Source, target: FlowNode, port: str) -> None:
        """Add an edge to an input of a node; raises `FlowError`."""
        output = port_of(source)
        self._check_edge(output, target, port)
        edge = {"from": str(output), "to": f"{target._id}.{port}"}
        if edge in self._edges:
            raise FlowError(f"The edge from {edge['from']} to {edge['to']} is there already.")
        self._edges.append(edge)

    def document(self) -> dict[str, Any]:
        """The document, as a file has it; `validate` says whether it is valid."""
        edges = {"edges": self._edges} if self._edges else {}
        return copy.deepcopy({**self._head, "nodes": list(self._nodes.values()), **edges})

    def validate(self) -> FlowDocument:
        """The document as the engine reads it; raises `InvalidDocument` with all that is wrong."""
        return load_document(self.document(), self._node_types)

    def to_yaml(self) -> str:
        """The text of a file."""
        return flow_text(self.document())

    def _add_edges(self, target: FlowNode, inputs: Mapping[str, Source | Sequence[Source]]) -> None:
        for port, sources in inputs.items():
            for source in _sources(sources):
                self.connect(source, target, port)

    def _type(self, type: str) -> type[AnyNode]:
        if type not in self._node_types:
            raise FlowError(f"There is no node type {type!r}.{did_you_mean(type, list(self._node_types))}")
        return self._node_types[type]

    def _fresh_id(self, id: str | None, stem: str) -> str:
        if id is None:
            candidates = (stem, *(f"{stem}_{number}" for number in range(2, len(self._nodes) + 3)))
            id = next(each for each in candidates if each not in self._nodes)
        if not is_node_id(id):
            raise FlowError(
                f"{id!r} is no id: a letter, then up to 63 letters, digits, '_' or '-'. Give another as id=…"
            )
        if id in self._nodes:
            raise FlowError(f"There is a node {id!r} already. Give another as id=…")
        return id

    def _check_edge(self, output: OutputPort, target: FlowNode, port: str) -> None:
        if output._flow is not self or target._flow is not self:
            raise FlowError(f"The edge from {output} to {target._id}.{port} leaves this flow.")
        if port in SYSTEM_INPUTS:
            return
        found = target._ports.inputs.get(port)
        if found is None:
            inputs = listed([*target._ports.inputs, *SYSTEM_INPUTS])
            raise NoSuchPort(f"The node {target} has no input {port!r}; it has {inputs}.")
        if found.constant:
            raise FlowError(f"The input {port!r} of {target} takes a constant only, because it shapes the node.")
        if not compatible(output.kind, found.kind):
            raise FlowError(f"{output} is of kind {output.kind}, {target._id}.{port} of kind {found.kind}.")


def _check_names(node: FlowNode, type: str, given: Mapping[str, Given]) -> None:
    for name in given:
        if name not in node._ports.inputs:
            inputs = listed(node._ports.inputs)
            raise NoSuchPort(f"The node type {type} has no input {name!r}; it has {inputs}.")


def _given(**keys: Any) -> dict[str, Any]:
    return {key: data for key, data in keys.items() if data is not None}


def _sources(data: Source | Sequence[Source]) -> Sequence[Source]:
    return [data] if isinstance(data, (OutputPort, FlowNode)) else data


def _signals(data: Source | Sequence[Source]) -> Sequence[Source]:
    return [source.succeeded if isinstance(source, FlowNode) else source for source in _sources(data)]


def _is_edges(name: str, data: Given) -> bool:
    """Whether an input gets edges, and not a constant."""
    if _is_source(data):
        return True
    if isinstance(data, (list, tuple)) and data and all(map(_is_source, data)):
        return True
    if _has_source(data):
        raise FlowError(f"An output is inside of the constant for the input {name!r}; only edges can bring it.")
    return False


def _is_source(data: Any) -> bool:
    return isinstance(data, (OutputPort, FlowNode))


def _has_source(data: Any) -> bool:
    parts = data.values() if isinstance(data, dict) else data if isinstance(data, (list, tuple)) else ()
    return _is_source(data) or any(map(_has_source, parts))
