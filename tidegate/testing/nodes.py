"""Runs one node by itself, and tells what it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from engine.attempt import AwaitingSignal, Outcome, Outputs, Waiting, printable
from engine.errors import NodeError
from engine.guests import check_guest
from engine.node import AnyNode, Context
from engine.pieces import Pieces
from engine.ports import PortKind
from engine.records import ExecutionError
from engine.reporting import execution_error
from engine.secret_use import SecretUse
from engine.values import Value
from tidegate.testing.in_place import InPlace
from tidegate.testing.vault import Vault

NODE_ID = "node"
EXECUTION_ID = "EX-test"


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of a node: its `outputs` by port, or its `error` as NODE_FAILED says it, and what it did on the way.

    `logs` and `emitted` are in order; `pieces` are what it wrote to streams, by port. A node that waits until a time
    has `waits_until` and the outputs that it will have; one that waits for a signal has `waits_for`, the signal's name.
    Secrets that it used are in none of them.
    """

    outputs: Mapping[str, Any] = field(default_factory=dict)
    error: ExecutionError | None = None
    logs: Sequence[str] = ()
    emitted: Sequence[tuple[str, Any]] = ()
    pieces: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    waits_until: datetime | None = None
    waits_for: str | None = None


@dataclass(slots=True)
class _Record:
    secrets: SecretUse
    logs: list[str] = field(default_factory=list)
    emitted: list[tuple[str, Any]] = field(default_factory=list)
    early: dict[str, Any] = field(default_factory=dict)
    pieces: dict[str, list[Any]] = field(default_factory=dict)

    def log(self, text: object) -> None:
        self.logs.append(printable(text, secrets=self.secrets))

    def emit(self, event_name: str, payload: Any) -> str:
        self.emitted.append((event_name, self.secrets.scrub_value(Value.of(payload)).data))
        return f"{EXECUTION_ID}-{len(self.emitted)}"

    async def resolve(self, port: str, value: Any) -> None:
        self.early[port] = self.secrets.scrub_value(Value.of(value)).data

    async def chunk(self, port: str, piece: Any) -> None:
        self.pieces.setdefault(port, []).append(self.secrets.scrub_value(Value.of(piece)).data)

    def result(self, outputs: Mapping[str, Any], **further: Any) -> NodeResult:
        return NodeResult({**self.early, **outputs}, None, self.logs, self.emitted, self.pieces, **further)


async def run_node(
    node_type: type[AnyNode],
    inputs: Mapping[str, Any] | None = None,
    *,
    secrets: Mapping[str, str] | None = None,
    attempt: int = 1,
    integration: Any = None,
    flow_inputs: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> NodeResult:
    """Run one attempt of a node as a worker would, without a server, in this thread also if it would run elsewhere.

    `inputs` are values by port, the pieces of a stream as a list, and `secrets` those of the owner, by name;
    `flow_inputs` and `integration` are the execution's. `now` is what the context's clock says. Raises
    `InvalidNodeType` if no worker would load the type; what the node itself raises is the result's error.
    """
    record = _Record(SecretUse(Vault(secrets or {}).find))
    context = Context(
        execution_id=EXECUTION_ID,
        root_execution_id=EXECUTION_ID,
        parent_execution_id=None,
        depth=0,
        node_id=NODE_ID,
        attempt=attempt,
        idempotency_key=f"{EXECUTION_ID}:{NODE_ID}",
        inputs=flow_inputs or {},
        integration=integration,
        log=record.log,
        emit=record.emit,
        resolve=record.resolve,
        chunk=record.chunk,
        secrets=record.secrets,
        now=lambda: now or datetime.now(UTC),
    )
    try:
        outcome = await InPlace().begin(check_guest(node_type), _opened(node_type, inputs or {}), context)
    except NodeError as error:
        said = execution_error(error, NODE_ID, record.secrets)
        return NodeResult(error=said, logs=record.logs, emitted=record.emitted, pieces=record.pieces)
    return _result(outcome, record)


def _opened(node_type: type[AnyNode], inputs: Mapping[str, Any]) -> dict[str, Any]:
    ports = node_type.declared_ports().inputs
    streams = {name for name in inputs if name in ports and ports[name].kind is PortKind.STREAM}
    return {name: Pieces.of(given) if name in streams else given for name, given in inputs.items()}


def _result(outcome: Outcome, record: _Record) -> NodeResult:
    match outcome:
        case Waiting(until, outputs):
            return record.result(_data(outputs), waits_until=until)
        case AwaitingSignal(name, until):
            return record.result({}, waits_until=until, waits_for=name)
        case Mapping():
            return record.result(_data(outcome))
        case _:
            raise TypeError("The node calls flows; run it in a flow, with run_flow.")


def _data(outputs: Outputs) -> Mapping[str, Any]:
    return {port: value.data for port, value in outputs.items()}
