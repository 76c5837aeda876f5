"""One attempt of a node: check its inputs, run it, take its outputs."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import ValidationError

from engine.errors import NodeError, ValueRefused
from engine.events import Calls
from engine.misfits import input_misfit, is_misfit, output_misfit
from engine.node import AnyNode, CallFlow, CallResult, Context, Input, Output, WaitForSignal, WaitUntil
from engine.secret_use import SecretUse
from engine.values import Value

MESSAGE_BYTES = 4096
CUT = " … (cut)"

_EARLIEST, _LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)

Outputs = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The node waits until then and completes with these outputs."""

    until: datetime
    outputs: Outputs


@dataclass(frozen=True, slots=True)
class AwaitingSignal:
    """The node waits for a signal, at most until then."""

    name: str
    until: datetime | None


Outcome = Outputs | Waiting | AwaitingSignal | Calls


Check = Callable[[type[AnyNode], Any], None]
"""Raises `NodeError` if what a node of this type has returned is not what it declares."""


def begin(
    node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context, check: Check | None = None
) -> Coroutine[Any, Any, Outcome]:
    """Make the coroutine of one attempt; it raises `NodeError` when the attempt fails."""
    return _attempt(node_type, inputs, context, check)


def run_at_once(node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context) -> Outcome:
    """Make an attempt of a node that never waits, here and now; raises whatever makes it fail."""
    running: Any = node_type().run(check_inputs(node_type.input_model, inputs), context)
    try:
        running.send(None)
    except StopIteration as done:
        return take_result(done.value, context.secrets)
    raise RuntimeError(f"{node_type.type} waits.")


async def _attempt(
    node_type: type[AnyNode], inputs: Mapping[str, Any], context: Context, check: Check | None
) -> Outcome:
    try:
        running: Any = node_type().run(check_inputs(node_type.input_model, inputs), context)
        result = await running
        if check:
            check(node_type, result)
        return take_result(result, context.secrets)
    except Exception as error:
        raise node_error(error, context.secrets, node_type) from error


async def resume(
    node_type: type[AnyNode],
    inputs: Mapping[str, Any],
    results: Sequence[CallResult],
    context: Context,
    check: Check | None = None,
) -> Outcome:
    """Go on with an attempt whose calls have ended; raises `NodeError` when it fails."""
    try:
        result = await node_type().resume(check_inputs(node_type.input_model, inputs), results, context)
        if check:
            check(node_type, result)
        return take_result(result, context.secrets)
    except Exception as error:
        raise node_error(error, context.secrets, node_type) from error


def take_result(result: Any, secrets: SecretUse) -> Outcome:
    """What a node has returned, fit for the log; raises `NodeError`, or `ValueRefused` that names the port."""
    match result:
        case Output():
            return take_outputs(result, secrets)
        case WaitUntil():
            return Waiting(_take_time(result.until), take_outputs(result.outputs, secrets))
        case WaitForSignal():
            name = secrets.scrub(_take_name(result.name))
            return AwaitingSignal(name, _take_time(result.until) if result.until else None)
        case CallFlow():
            return _take_calls(result, secrets)
        case _:
            return take_outputs(result, secrets)


def _take_name(name: Any) -> str:
    if not isinstance(name, str) or printable(name) != name or not name:
        raise NodeError(f"The node waits for a signal named {printable(name, 100)!r}, which is no name.")
    return name


def _take_calls(call: CallFlow, secrets: SecretUse) -> Calls:
    called = call.flow.called
    return Calls(
        flow_id=called.flow_id,
        flow_version=called.version,
        flow_name=called.name,
        inputs=secrets.scrub_value(Value.of([dict(each) for each in call.inputs])),
        count=len(call.inputs),
        concurrency=call.concurrency,
        memo=None if call.memo is None else secrets.scrub_value(Value.of(call.memo)),
    )


def node_error(error: BaseException, secrets: SecretUse, node_type: type[AnyNode] | None = None) -> NodeError:
    """What a node raised, as the error that its events tell of; a `NodeError` is as it is, secrets included.

    Of a node of this type it may be that its outputs have refused what it gave them, which is no use to try again.
    """
    if isinstance(error, NodeError):
        return error
    if node_type and isinstance(error, ValidationError) and is_misfit(node_type.output_model, error):
        return output_misfit(node_type.output_model, error.errors())
    kind, text = type(error).__name__, printable(error, secrets=secrets)
    return NodeError(f"{kind}: {text}" if text else kind, retryable=isinstance(error, Exception))


def printable(text: object, limit: int = MESSAGE_BYTES, *, secrets: SecretUse | None = None) -> str:
    """Make what a node says fit for the log: without what cannot be stored, and cut after so many bytes.

    Its `secrets` are taken out before the cut, which could leave the half of one.
    """
    try:
        said = str(text)
    except Exception:
        said = f"({type(text).__name__} that has no text)"
    said = secrets.scrub(said) if secrets else said
    kept = said[:limit].replace("\0", "�").encode(errors="replace")[:limit].decode(errors="ignore")
    return kept if len(kept) == len(said) else kept + CUT


def _take_time(until: Any) -> datetime:
    """Check when a wait is to end: the log must be able to say it."""
    if not isinstance(until, datetime) or until.tzinfo is None:
        raise NodeError(f"The node waits until {printable(until, 100)}, which is no time with an offset.")
    if not _EARLIEST <= until <= _LATEST:
        raise NodeError(f"The node waits until {until}, which is outside of the years 1 to 9999.")
    return until


def check_inputs(model: type[Input], inputs: Mapping[str, Any]) -> Input:
    """Fit values to a node's inputs; raises `InputError` that names the port and what was wrong with it."""
    try:
        # As `model_validate`, whose way to this takes twice as long as the check itself.
        checked: Input = model.__pydantic_validator__.validate_python(inputs)
        return checked
    except ValidationError as error:
        raise input_misfit(model, inputs, error) from None


def check_result(node_type: type[AnyNode], result: Any) -> None:
    """Raise `NodeError` where a node's outputs are not those that its type declares.

    A model can be made past its own checks, and then whoever takes such a value would fail for it.
    """
    outputs = getattr(result, "outputs", result)
    if not isinstance(outputs, Output):
        return
    if not isinstance(outputs, node_type.output_model):
        declared = node_type.output_model.__name__
        raise NodeError(f"The node returned {type(outputs).__name__} instead of {declared}.")
    try:
        type(outputs).model_validate({name: data for name, data in outputs if name in outputs.model_fields_set})
    except ValidationError as error:
        raise output_misfit(type(outputs), error.errors()) from None


def take_outputs(outputs: Output, secrets: SecretUse) -> Outputs:
    """Encode the outputs that the node gave a value, without the secrets; raises `ValueRefused` that names the port."""
    if not isinstance(outputs, Output):
        raise NodeError(f"The node returned {type(outputs).__name__} instead of its outputs.")
    return {port: take_value(port, data, secrets) for port, data in given_outputs(outputs).items()}


def given_outputs(outputs: Output) -> Mapping[str, Any]:
    """The data of the fields that were set, by port name in the order of declaration."""
    ports, given = _port_names(type(outputs)), outputs.__pydantic_fields_set__
    # Not by attribute: a port that a node adds may have the name of one of the model's methods.
    data = outputs.__dict__
    if extra := outputs.__pydantic_extra__:
        data = {**data, **extra}
    if not ports and len(given) == len(data):
        return data
    return {ports.get(name, name): each for name, each in data.items() if name in given}


@cache
def _port_names(model: type[Output]) -> Mapping[str, str]:
    """The names of ports by field, as far as they are not the field's own."""
    return {name: field.alias for name, field in model.model_fields.items() if field.alias}


def take_value(port: str, data: Any, secrets: SecretUse) -> Value:
    """Encode what a node gives to an output, without the secrets; raises `ValueRefused` that names the port."""
    try:
        return secrets.scrub_value(Value.of(data))
    except ValueRefused as error:
        raise ValueRefused(f"Output '{port}': {error.message}") from None
