"""A flow document compiled for running: nodes and edges by number, ports looked up, constants encoded."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.document import (
    EVENT_LISTEN,
    FLOW_OUTPUT,
    GROUP,
    SIGNAL_WAIT,
    EdgeDocument,
    FlowDocument,
    NodeDocument,
    RetryPolicy,
)
from engine.node import AnyNode
from engine.ports import AFTER, ERROR_OUTPUTS, EXECUTE, SUCCESS, SYSTEM_INPUTS, Port, PortKind, Ports
from engine.registry import NodeTypes
from engine.scope import Scope, event_scope, ordinary_scope
from engine.status import JoinMode
from engine.values import Value


@dataclass(frozen=True, slots=True)
class PlanEdge:
    """An edge by node numbers.

    `conditional` if its source is boolean, so that its value counts at `__execute`; `sole` if its target awaits all
    inputs, this one of them for a single value, and no other edge leads to it.
    """

    number: int
    source_node: int
    source_port: str
    target_node: int
    target_port: str
    source: str
    target: str
    target_kind: PortKind
    conditional: bool
    sole: bool = False


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node with its connections.

    `incoming` has the edges of each connected input in document order, the system inputs included; `inputs` are the
    connected ordinary inputs, `shaping` those that take a constant only. `stream_inputs` are the connected inputs and
    `stream_outputs` all the outputs that are streams. `handles_errors` is true if an error port of
    the node, or of a group around it, leads somewhere. `listens_to` is the event that an event.listen is there for.
    `join` says whether the node awaits all connected inputs or the first; `is_group` is true if it only holds others.
    `sole` has the connected inputs with a sole edge, `shared` counts the edges of each of the others.
    """

    number: int
    id: str
    type_name: str
    node_type: type[AnyNode]
    join: JoinMode
    is_group: bool
    constants: Mapping[str, Value]
    incoming: Mapping[str, tuple[PlanEdge, ...]]
    outgoing: Mapping[str, tuple[PlanEdge, ...]]
    inputs: tuple[str, ...]
    many: frozenset[str]
    shaping: frozenset[str]
    parent: int | None
    members: tuple[int, ...]
    retry: RetryPolicy | None
    timeout_ms: int | None
    disabled: bool
    handles_errors: bool
    listens_to: str | None = None
    title: str | None = None
    stream_inputs: tuple[str, ...] = ()
    stream_outputs: tuple[str, ...] = ()
    sole: Mapping[str, PlanEdge] = field(default_factory=dict)
    shared: Mapping[str, int] = field(default_factory=dict)

    def has_reader(self, port: str) -> bool:
        """Whether a node reads the stream of one of the outputs."""
        return any(edge.target_kind is PortKind.STREAM for edge in self.outgoing.get(port, ()))

    @property
    def has_error_edges(self) -> bool:
        """True if one of the node's own error ports leads somewhere."""
        return any(port in self.outgoing for port in ERROR_OUTPUTS)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole flow, ready to run.

    `outputs` has the numbers of the flow.output nodes by their name, `listeners` those of the event.listen nodes that
    are not disabled by their event, `signal_nodes` those of the signal.wait nodes by their signal.
    """

    nodes: tuple[PlanNode, ...]
    numbers: Mapping[str, int]
    outputs: Mapping[str, int]
    listeners: Mapping[str, tuple[int, ...]]
    signal_nodes: Mapping[str, tuple[int, ...]]
    _scopes: dict[str | None, Scope] = field(default_factory=dict, compare=False, repr=False)

    def scope(self, event_name: str | None) -> Scope:
        """The nodes of a run for an event, or (None) of one without."""
        if event_name not in self._scopes:
            self._scopes[event_name] = ordinary_scope(self) if event_name is None else event_scope(self, event_name)
        return self._scopes[event_name]

    def node(self, node_id: str) -> PlanNode:
        """Look a node up by its id; raises KeyError."""
        return self.nodes[self.numbers[node_id]]


def compile_plan(document: FlowDocument, registry: NodeTypes) -> Plan:
    """Compile a valid document."""
    return _Compiler(document, registry).plan()


@dataclass(slots=True)
class _Compiler:
    document: FlowDocument
    registry: NodeTypes
    numbers: dict[str, int] = field(default_factory=dict)
    ports: list[Ports] = field(default_factory=list)
    arrivals: Counter[tuple[str, str]] = field(default_factory=Counter)
    members: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    incoming: dict[int, dict[str, list[PlanEdge]]] = field(default_factory=lambda: defaultdict(dict))
    outgoing: dict[int, dict[str, list[PlanEdge]]] = field(default_factory=lambda: defaultdict(dict))

    def plan(self) -> Plan:
        for number, node in enumerate(self.document.nodes):
            self._enter(number, node)
        self.arrivals.update((edge.target.node, edge.target.port) for edge in self.document.edges)
        for number, edge in enumerate(self.document.edges):
            self._connect(number, edge)
        nodes = tuple(self._node(number, node) for number, node in enumerate(self.document.nodes))
        return Plan(
            nodes,
            self.numbers,
            self._outputs(),
            self._by_name(EVENT_LISTEN, "eventName", [node for node in self.document.nodes if not node.disabled]),
            self._by_name(SIGNAL_WAIT, "name", self.document.nodes),
        )

    def _enter(self, number: int, node: NodeDocument) -> None:
        self.numbers[node.id] = number
        self.ports.append(self.registry[node.type].ports(node.inputs))
        if node.parent:
            self.members[node.parent].append(number)

    def _connect(self, number: int, edge: EdgeDocument) -> None:
        source, target = self.numbers[edge.source.node], self.numbers[edge.target.node]
        connection = PlanEdge(
            number,
            source,
            edge.source.port,
            target,
            edge.target.port,
            str(edge.source),
            str(edge.target),
            _kind(self.ports[target].inputs, edge.target.port),
            self._is_boolean(source, edge.source.port),
            self._is_sole(edge),
        )
        self.outgoing[source].setdefault(edge.source.port, []).append(connection)
        self.incoming[target].setdefault(edge.target.port, []).append(connection)

    def _is_sole(self, edge: EdgeDocument) -> bool:
        number, port = self.numbers[edge.target.node], edge.target.port
        # A stand-in for a type that is not known has no ports.
        declared = self.ports[number].inputs.get(port)
        awaits_all = self.registry[self.document.nodes[number].type].join is JoinMode.ALL
        is_single = port not in SYSTEM_INPUTS and (declared is None or not declared.many)
        return awaits_all and is_single and self.arrivals[edge.target.node, port] == 1

    def _is_boolean(self, node: int, port: str) -> bool:
        system = port in (SUCCESS, ERROR_OUTPUTS[0])
        return system or _kind(self.ports[node].outputs, port) is PortKind.BOOLEAN

    def _node(self, number: int, node: NodeDocument) -> PlanNode:
        incoming, ports = self.incoming.get(number, {}), self.ports[number]
        return PlanNode(
            number=number,
            id=node.id,
            type_name=node.type,
            node_type=self.registry[node.type],
            join=self.registry[node.type].join,
            is_group=node.type == GROUP,
            constants={name: Value.of(data) for name, data in node.inputs.items() if name not in incoming},
            incoming={port: tuple(edges) for port, edges in incoming.items()},
            outgoing={port: tuple(edges) for port, edges in self.outgoing.get(number, {}).items()},
            inputs=tuple(port for port in incoming if port not in SYSTEM_INPUTS),
            many=frozenset(name for name in incoming if name in ports.inputs and ports.inputs[name].many),
            shaping=frozenset(name for name, port in ports.inputs.items() if port.constant),
            parent=self.numbers[node.parent] if node.parent else None,
            members=tuple(self.members.get(node.id, ())),
            retry=node.retry,
            timeout_ms=node.timeout_ms,
            disabled=node.disabled,
            handles_errors=self._handles_errors(node),
            listens_to=node.inputs["eventName"] if node.type == EVENT_LISTEN else None,
            title=node.title,
            stream_inputs=tuple(name for name in _streams(ports.inputs) if name in incoming),
            stream_outputs=_streams(ports.outputs),
            sole={port: edges[0] for port, edges in incoming.items() if edges[0].sole},
            shared={port: len(edges) for port, edges in incoming.items() if not edges[0].sole},
        )

    def _handles_errors(self, node: NodeDocument | None) -> bool:
        while node is not None:
            if any(port in self.outgoing.get(self.numbers[node.id], {}) for port in ERROR_OUTPUTS):
                return True
            node = self.document.nodes[self.numbers[node.parent]] if node.parent else None
        return False

    def _outputs(self) -> Mapping[str, int]:
        nodes: Sequence[NodeDocument] = self.document.nodes
        return {node.inputs["name"]: self.numbers[node.id] for node in nodes if node.type == FLOW_OUTPUT}

    def _by_name(self, type_: str, constant: str, nodes: Sequence[NodeDocument]) -> Mapping[str, tuple[int, ...]]:
        found: dict[str, list[int]] = {}
        for node in nodes:
            if node.type == type_:
                found.setdefault(node.inputs[constant], []).append(self.numbers[node.id])
        return {name: tuple(numbers) for name, numbers in found.items()}


def _kind(ports: Mapping[str, Port], name: str) -> PortKind:
    if name in (EXECUTE, AFTER) or name not in ports:
        return PortKind.ANY
    return ports[name].kind


def _streams(ports: Mapping[str, Port]) -> tuple[str, ...]:
    return tuple(name for name, port in ports.items() if port.kind is PortKind.STREAM)
