"""The node SDK: what a node is, and what it is given.

A node is one class with a docstring, a model of its inputs, a model of its outputs and `run`:

    class ShoutInput(Input):
        text: str = Field(description="What to say.")

    class ShoutOutput(Output):
        text: str

    class Shout(Node[ShoutInput, ShoutOutput]):
        '''Says it in capitals.'''

        type = "text.shout"
        pure = True

        async def run(self, inputs: ShoutInput, context: Context) -> ShoutOutput:
            return ShoutOutput(text=inputs.text.upper())
"""

import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict

from engine.errors import NodeError
from engine.ports import UNSET, Ports, is_stream, ports_of
from engine.reach import FoundFlow, Reach
from engine.records import ExecutionError
from engine.secret_reference import SecretReference
from engine.secret_use import SecretUse
from engine.status import JoinMode

Number = int | float
"""A number as it was given: integers stay integers, booleans are no numbers."""

logger = logging.getLogger(__name__)


class Input(BaseModel):
    """The base of a node's inputs. Values are taken as they are, never converted."""

    # Validators are built when they are first used: a process needs few of all that there are, and has to start soon.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class Output(BaseModel):
    """The base of a node's outputs. A port resolves when its field was given a value; unset fields stay unresolved.

    Values are taken as they are, never converted. Streams are never set, so they need no `UNSET` where no type checker
    asks for it.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=True, defer_build=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **options: Any) -> None:
        super().__pydantic_init_subclass__(**options)
        required = [info for info in cls.model_fields.values() if info.is_required() and is_stream(info)]
        for info in required:
            info.default = UNSET
        if required:
            cls.model_rebuild(force=True)


InputT = TypeVar("InputT", bound=Input)
OutputT = TypeVar("OutputT", bound=Output)
T = TypeVar("T")

RunsIn = Literal["loop", "thread", "process"]
"""Where a node runs: on the event loop, which all executions of a worker share, or beside it in a thread or process."""


def _only_beside_the_loop(work: Coroutine[Any, Any, Any]) -> Any:
    work.close()
    raise RuntimeError("context.wait is for nodes that run in a thread or a process; on the loop write await.")


Give = Callable[[str, Any], Awaitable[None]]
"""Gives something to an output port."""


async def give_nobody(port: str, value: Any) -> None:
    """Give it to nobody, as where a node is run by itself."""


Use = Callable[["type[AnyNode]", Mapping[str, Any], "Context"], Awaitable[Any]]
"""Runs a node of another type, with inputs and in a context, and gives its outcome; raises `NodeError`."""


async def _use_no_node(node_type: "type[AnyNode]", inputs: Mapping[str, Any], context: "Context") -> Any:
    raise NodeError("Where a node is run by itself it cannot use others.")


@dataclass(slots=True)
class Context:
    """What a node may know and do beside its inputs. Each attempt has one of its own.

    `idempotency_key` is the same in every attempt and recovery of this node in this execution: give it to the outside
    system so that a repeated effect counts once. `inputs` are the execution's own inputs by name. `memo` is what the
    node has left itself in a `CallFlow`. `is_cancelled()` says to a node in a thread, which cannot be interrupted
    everywhere, that nobody waits for it any more. `use` runs a node of another type within this attempt.

    `await resolve(port, value)` gives an output its value before the node ends, and `await chunk(port, piece)` writes a
    piece to a stream, which holds the node up while the log is slower than it; what hangs on them runs at once. Both
    are for `run`, and raise `NodeError` for a port that is not there, is of the other sort, or was given a value. What
    they gave is void when the attempt fails and another follows.
    """

    execution_id: str
    root_execution_id: str
    parent_execution_id: str | None
    depth: int
    node_id: str
    attempt: int
    idempotency_key: str
    inputs: Mapping[str, Any]
    integration: Any = None
    event_payload: Any = None
    children_spawned: int = 0
    memo: Any = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now().astimezone())
    log: Callable[[str], None] = field(default=logger.debug)
    emit: Callable[[str, Any], str | None] = field(default=lambda event_name, payload: None)
    resolve: Give = field(default=give_nobody)
    chunk: Give = field(default=give_nobody)
    reach: Reach = field(default=Reach())
    secrets: SecretUse = field(default_factory=SecretUse, repr=False)
    use: "Callable[[type[AnyNode], Mapping[str, Any], Context], Awaitable[Any]]" = field(
        default=_use_no_node, repr=False
    )
    is_cancelled: Callable[[], bool] = field(default=lambda: False)
    waiter: Callable[[Coroutine[Any, Any, Any]], Any] = field(default=_only_beside_the_loop, repr=False)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives, for a node that runs in a thread or a process, where there is no await.

        `token = context.wait(context.secret("shop"))`. Raises what the coroutine raises.
        """
        result: T = self.waiter(work)
        return result

    async def secret(self, secret: str | SecretReference) -> str:
        """The secret of a name or reference, of the owner of the tree; ask at the last moment, and do not keep it.

        Raises `InputError` if there is none, `NodeError` if it cannot be read. From then on the secret is taken out of
        all that the attempt gives, logs, emits or fails with.
        """
        return await self.secrets.look_up(secret)


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Returned by `run` instead of outputs: the node waits without holding a worker, then completes with `outputs`."""

    until: datetime
    outputs: Output


@dataclass(frozen=True, slots=True)
class WaitForSignal:
    """Returned by `run` instead of outputs: the node waits for a signal, and its `payload` port gives what comes.

    After `until` the attempt fails with the code TIMEOUT. Only for a `signal.wait` is a signal kept that comes before.
    """

    name: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallFlow:
    """Returned by `run` or `resume` instead of outputs: each of `inputs` is a run of the flow as a child execution.

    At most `concurrency` of them run at once (None: all). When all have ended, the node's `resume` is asked, and finds
    `memo`, a JSON value, in its context.
    """

    flow: FoundFlow
    inputs: Sequence[Mapping[str, Any]]
    concurrency: int | None = None
    memo: Any = None


@dataclass(frozen=True, slots=True)
class CallResult:
    """How a called run ended: with outputs by name, or with an error."""

    execution_id: str
    outputs: Mapping[str, Any] | None = None
    error: ExecutionError | None = None


Wait = WaitUntil | WaitForSignal | CallFlow


InputModel = type[Input]
OutputModel = type[Output]


class Node(Generic[InputT, OutputT]):
    """The base of all node types; the subclass's docstring is what people read about it.

    `pure` promises the same outputs for the same inputs and no effect. `safe` promises only that running it again does
    no harm (it defaults to `pure`); a node that is not safe starts after its start is committed. `join` says whether
    all connected inputs are awaited or the first. `engine_run` marks types whose course the engine itself drives.
    `runs_in` says where it runs. On the loop `run` is `async def` and must never block. In a thread or a process it is
    a plain `def` that may; only a process can be ended in the middle of what it does.
    """

    type: ClassVar[str]
    title: ClassVar[str] = ""
    category: ClassVar[str] = ""
    description: ClassVar[str] = ""
    pure: ClassVar[bool] = False
    safe: ClassVar[bool] = False
    join: ClassVar[JoinMode] = JoinMode.ALL
    engine_run: ClassVar[bool] = False
    runs_in: ClassVar[RunsIn] = "loop"
    input_model: ClassVar[InputModel]
    output_model: ClassVar[OutputModel]

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for origin in getattr(cls, "__orig_bases__", ()):
            if isinstance(get_origin(origin), type) and issubclass(get_origin(origin), Node):
                _take_models(cls, get_args(origin))
        if "type" in cls.__dict__:
            _describe(cls)

    @classmethod
    def ports(cls, constants: Mapping[str, Any]) -> Ports:
        """The ports of a node with these constants; override where constants shape the ports."""
        return cls.declared_ports()

    @classmethod
    def declared_ports(cls) -> Ports:
        """The ports that the models declare."""
        if "_ports" not in cls.__dict__:
            cls._ports = Ports(ports_of(cls.input_model), ports_of(cls.output_model))
        return cls._ports

    _ports: ClassVar[Ports]

    @classmethod
    def check(cls, constants: Mapping[str, Any]) -> Mapping[str, str]:
        """Problems that the models cannot see, as message by input name; asked when a document is validated."""
        return {}

    def run(self, inputs: InputT, context: Context) -> Awaitable[OutputT | Wait] | OutputT | Wait:
        """Do the work: `async def` on the loop, `def` in a thread or a process.

        Raise `NodeError` to fail with a message of your own.
        """
        raise NotImplementedError

    async def resume(self, inputs: InputT, results: Sequence[CallResult], context: Context) -> OutputT | Wait:
        """Go on when all runs of a `CallFlow` have ended; their results come in the order of its inputs.

        It may be asked again after a crash, so it must do no harm when it is repeated.
        """
        raise NotImplementedError


def _take_models(cls: type[Node[Any, Any]], arguments: tuple[Any, ...]) -> None:
    match arguments:
        case (type() as inputs, type() as outputs):
            cls.input_model, cls.output_model = inputs, outputs


def _describe(cls: type[Node[Any, Any]]) -> None:
    if not isinstance(cls.type, str):
        raise TypeError(f"The type of the node {cls.__qualname__} must be a text such as shop.order.")
    if not cls.__doc__:
        raise TypeError(f"The node type {cls.type} needs a docstring: it is what people read about it.")
    cls.description = " ".join(cls.__doc__.split())
    cls.category = cls.__dict__.get("category") or cls.type.partition(".")[0]
    cls.title = cls.__dict__.get("title") or cls.type.replace(".", " ").replace("_", " ").capitalize()
    cls.safe = cls.pure or cls.safe


AnyNode = Node[Any, Any]
