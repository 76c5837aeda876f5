"""A flow document compiled for running: nodes and edges by number, ports looked up, constants encoded."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.document import FLOW_OUTPUT, GROUP, EdgeDocument, FlowDocument, NodeDocument, RetryPolicy
from engine.node import AnyNode
from engine.ports import AFTER, ERROR_OUTPUTS, EXECUTE, SUCCESS, SYSTEM_INPUTS, Port, PortKind, Ports
from engine.registry import Registry
from engine.status import JoinMode
from engine.values import Value


@dataclass(frozen=True, slots=True)
class PlanEdge:
    """An edge by node numbers; `conditional` if its source is boolean, so that its value counts at `__execute`."""

    number: int
    source_node: int
    source_port: str
    target_node: int
    target_port: str
    source: str
    target: str
    target_kind: PortKind
    conditional: bool


@dataclass(frozen=True, slots=True)
class PlanNode:
    """A node with its connections.

    `incoming` has the edges of each connected input in document order, the system inputs included; `inputs` are the
    connected ordinary inputs, `shaping` those that take a constant only. `handles_errors` is true if an error port of
    the node, or of a group around it, leads somewhere.
    """

    number: int
    id: str
    node_type: type[AnyNode]
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

    @property
    def join(self) -> JoinMode:
        """Whether the node awaits all connected inputs or the first."""
        return self.node_type.join

    @property
    def is_group(self) -> bool:
        """True for a node that only holds others."""
        return self.node_type.type == GROUP

    @property
    def has_error_edges(self) -> bool:
        """True if one of the node's own error ports leads somewhere."""
        return any(port in self.outgoing for port in ERROR_OUTPUTS)


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole flow, ready to run; `outputs` has the numbers of the flow.output nodes by their name."""

    nodes: tuple[PlanNode, ...]
    numbers: Mapping[str, int]
    outputs: Mapping[str, int]

    def node(self, node_id: str) -> PlanNode:
        """Look a node up by its id; raises KeyError."""
        return self.nodes[self.numbers[node_id]]


def compile_plan(document: FlowDocument, registry: Registry) -> Plan:
    """Compile a valid document."""
    return _Compiler(document, registry).plan()


@dataclass(slots=True)
class _Compiler:
    document: FlowDocument
    registry: Registry
    numbers: dict[str, int] = field(default_factory=dict)
    ports: list[Ports] = field(default_factory=list)
    members: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    incoming: dict[int, dict[str, list[PlanEdge]]] = field(default_factory=lambda: defaultdict(dict))
    outgoing: dict[int, dict[str, list[PlanEdge]]] = field(default_factory=lambda: defaultdict(dict))

    def plan(self) -> Plan:
        for number, node in enumerate(self.document.nodes):
            self._enter(number, node)
        for number, edge in enumerate(self.document.edges):
            self._connect(number, edge)
        nodes = tuple(self._node(number, node) for number, node in enumerate(self.document.nodes))
        return Plan(nodes, self.numbers, self._outputs())

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
        )
        self.outgoing[source].setdefault(edge.source.port, []).append(connection)
        self.incoming[target].setdefault(edge.target.port, []).append(connection)

    def _is_boolean(self, node: int, port: str) -> bool:
        system = port in (SUCCESS, ERROR_OUTPUTS[0])
        return system or _kind(self.ports[node].outputs, port) is PortKind.BOOLEAN

    def _node(self, number: int, node: NodeDocument) -> PlanNode:
        incoming, ports = self.incoming.get(number, {}), self.ports[number]
        return PlanNode(
            number=number,
            id=node.id,
            node_type=self.registry[node.type],
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


def _kind(ports: Mapping[str, Port], name: str) -> PortKind:
    if name in (EXECUTE, AFTER) or name not in ports:
        return PortKind.ANY
    return ports[name].kind
