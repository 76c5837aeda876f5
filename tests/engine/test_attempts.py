"""Attempts: whatever a node raises or gives, its attempt ends in one report."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from engine.attempt import begin
from engine.attempts import CANCEL_GRACE_SECONDS
from engine.errors import NodeError
from engine.events import NodeFailed
from engine.node import AnyNode, Context, Input, Node, Number, Output, RunsIn
from engine.nodes import BUILT_IN
from engine.registry import Registry
from engine.status import NODE_CODES, ErrorCode, ExecutionStatus
from tests.engine.hostile import HOSTILE, hostile
from tests.engine.log_rules import check_fold, check_frame
from tests.engine.running import Run, everything, flow, work
from tests.engine.scripted import WORK
from tests.engine.virtual_clock import in_virtual_time

CONTEXT = Context("EX1", "EX1", None, 0, "n", 1, "EX1:n", {})


class Panic(BaseException):
    """What a library of another language raises."""


class Torn(Output):
    """Cannot be read."""

    def __getattribute__(self, name: str) -> Any:
        if name == "__dict__":
            raise OverflowError("unreadable")
        return super().__getattribute__(name)


def raises(error: type[BaseException]) -> Any:
    raise error("on purpose")


ODD: dict[str, Callable[[], Any]] = {
    "GeneratorExit": lambda: raises(GeneratorExit),
    "CancelledError": lambda: raises(asyncio.CancelledError),
    "SystemExit": lambda: raises(SystemExit),
    "KeyboardInterrupt": lambda: raises(KeyboardInterrupt),
    "Panic": lambda: raises(Panic),
    "OverflowError": Torn,
}


class OddInput(Input):
    how: str


class OddPure(Node[OddInput, Output]):
    """Does something odd at once."""

    type = "test.odd_pure"
    pure = True

    async def run(self, inputs: OddInput, context: Context) -> Any:
        return ODD[inputs.how]()


class OddEffect(Node[OddInput, Output]):
    """Does something odd after a while."""

    type = "test.odd_effect"

    async def run(self, inputs: OddInput, context: Context) -> Any:
        await asyncio.sleep(0.01)
        return ODD[inputs.how]()


ODD_TYPES: tuple[type[AnyNode], ...] = (OddPure, OddEffect)
REGISTRY = Registry([*ODD_TYPES, *WORK, *BUILT_IN.values()])


def odd(node_id: str, node_type: type[AnyNode], how: str) -> dict[str, Any]:
    return {"id": node_id, "type": node_type.type, "inputs": {"how": how}}


@pytest.mark.parametrize("node_type", ODD_TYPES, ids=lambda each: each.type)
@pytest.mark.parametrize("how", ODD)
@in_virtual_time
async def test_whatever_a_node_raises_it_fails_once_by_the_name_of_that_and_the_flow_goes_on(
    how: str, node_type: type[AnyNode]
) -> None:
    document = flow(odd("bad", node_type, how), work("saved"), edges=["bad.__errorMessage > saved.a"])
    done = await asyncio.wait_for(Run.of(document, REGISTRY).live(), 60)
    check_fold(done)
    assert done.status is ExecutionStatus.COMPLETED
    (failed,) = done.of_node("bad", NodeFailed)
    assert failed.error.code is ErrorCode.NODE
    assert failed.error.message.startswith(f"{how}: ")


async def test_an_attempt_raises_a_node_error_also_where_the_outputs_cannot_be_read() -> None:
    with pytest.raises(NodeError, match="OverflowError: unreadable"):
        await begin(OddPure, {"how": "OverflowError"}, CONTEXT)


def checked_even(number: int) -> int:
    if number % 2:
        raise ValueError("Input should be even")
    return number


class GivesOutput(Output):
    model_config = ConfigDict(title="What is given")

    text: str = ""
    number: Number = 0
    whole: int = 0
    flag: bool = False
    choice: Literal["a", "b"] = "a"
    names: list[str] = Field(default_factory=list)
    sums: dict[str, int] = Field(default_factory=dict)
    choices: list[str] | int | str = 0
    small: int = Field(default=0, lt=5)
    even: Annotated[int, AfterValidator(checked_even)] = 0

    @model_validator(mode="after")
    def _has_luck(self) -> Self:
        if self.whole == 13:
            raise ValueError("there is no 13")
        return self


class GivesInput(Input):
    port: str
    given: Any = None


class GivesPure(Node[GivesInput, GivesOutput]):
    """Gives an output what it was told to."""

    type = "test.gives_pure"
    pure = True

    async def run(self, inputs: GivesInput, context: Context) -> GivesOutput:
        return GivesOutput(**{inputs.port: inputs.given})


class GivesInThread(Node[GivesInput, GivesOutput]):
    """Does so in a thread."""

    type = "test.gives_in_thread"
    runs_in: RunsIn = "thread"

    def run(self, inputs: GivesInput, context: Context) -> GivesOutput:
        return GivesOutput(**{inputs.port: inputs.given})


GIVING: tuple[type[AnyNode], ...] = (GivesPure, GivesInThread)


@pytest.mark.parametrize("node_type", GIVING, ids=lambda each: each.type)
@pytest.mark.parametrize(
    ("port", "given", "complaint"),
    [
        ("text", 5, "Output 'text': expected string, got number."),
        ("number", "18", "Output 'number': expected number, got string."),
        ("number", True, "Output 'number': expected number, got boolean."),
        ("whole", 18.5, "Output 'whole': it should be a valid integer, got float."),
        ("flag", "yes", "Output 'flag': expected boolean, got string."),
        ("flag", None, "Output 'flag': expected boolean, got null."),
        ("choice", "c", "Output 'choice': it should be 'a' or 'b'."),
        ("names", ["a", 1], "Output 'names.1': it should be a valid string, got int."),
        ("choices", 1.5, "Output 'choices': a value of type float fits none of its types."),
        ("small", 5, "Output 'small': it should be less than 5."),
        ("even", 3, "Output 'even': Value error, Input should be even."),
        ("names", {"a": "b"}, "Output 'names': expected array, got object."),
        ("sums", {"a": "3"}, "Output 'sums.a': it should be a valid integer, got str."),
        ("whole", 13, "Outputs: Value error, there is no 13."),
        ("other", 1, "Output 'other' is not declared."),
    ],
)
@in_virtual_time
async def test_an_output_takes_no_other_kind_of_value_and_says_which_port_got_what(
    port: str, given: Any, complaint: str, node_type: type[AnyNode]
) -> None:
    bad = {"id": "bad", "type": node_type.type, "inputs": {"port": port, "given": given}}
    done = await Run.of(flow({**bad, "retry": {"maxAttempts": 3}}), Registry([*GIVING, *WORK])).live()
    (failed,) = done.of_node("bad", NodeFailed)
    assert (failed.error.message, failed.attempt) == (complaint, 1)
    assert (failed.error.code, failed.error.retryable) == (ErrorCode.NODE, False)


class NumberOutput(Output):
    number: Number


class Foreign(BaseModel):
    """What a library checks by a model that happens to have the title of a node's outputs."""

    model_config = ConfigDict(title="NumberOutput")
    id: int


class Parses(Node[Input, NumberOutput]):
    """Reads an answer that is not as expected."""

    type = "test.parses"
    pure = True

    async def run(self, inputs: Input, context: Context) -> NumberOutput:
        return NumberOutput(number=Foreign.model_validate({"id": "?"}).id)


@in_virtual_time
async def test_what_another_model_refuses_is_an_error_like_any_other_and_is_tried_again() -> None:
    bad = {"id": "bad", "type": "test.parses", "retry": {"maxAttempts": 2}}
    done = await Run.of(flow(bad), Registry([Parses])).live()
    (failed,) = done.of_node("bad", NodeFailed)
    assert failed.error.message.startswith("ValidationError: 1 validation error for NumberOutput")
    assert (failed.error.retryable, failed.attempt) == (True, 2)


@pytest.mark.parametrize("code", ErrorCode)
@in_virtual_time
async def test_a_code_of_the_engine_in_the_mouth_of_a_node_is_an_ordinary_failure_and_fails_the_flow(
    code: ErrorCode,
) -> None:
    done = await Run.of(flow(work("bad", fails=-1, code=code.value), work("next"), edges=["bad.x > next.a"])).live()
    (failed,) = done.of_node("bad", NodeFailed)
    assert failed.error.code is (code if code in NODE_CODES else ErrorCode.NODE)
    assert done.status is ExecutionStatus.FAILED
    assert done.state.failed_node_count == 1
    assert not NODE_CODES & {ErrorCode.CANCELLED, ErrorCode.CRASH, ErrorCode.START_TIMEOUT}


@pytest.mark.parametrize(
    "failing", [{"lasts": 500, "fails": -1}, {"lasts": 60_000}], ids=["a failure", "the time limit"]
)
@in_virtual_time
async def test_a_node_that_ignores_its_cancel_holds_up_the_end_for_the_grace_only_and_what_it_gives_is_dropped(
    failing: dict[str, int],
) -> None:
    document = flow(hostile("stubborn", "stubborn"), work("bad", "test.effect", **failing))
    done = await Run.of(document, HOSTILE, options=everything(flow_timeout_ms=500)).go()
    (ended,) = done.at("FLOW_FAILED")
    assert 500 <= ended <= 500 + CANCEL_GRACE_SECONDS * 1000
    said = list(done.ledger.entries)
    await asyncio.sleep(50_000)
    assert done.ledger.entries == said
    check_frame(said)
