"""From what a client asks for to its results, for transports that send one after the other."""

from collections.abc import AsyncGenerator

from starlette.datastructures import State

from engine.errors import TidegateError
from resolvers.measuring import count_refused
from resolvers.operations import OperationFailed, results
from resolvers.requests import Asked
from resolvers.viewer import Viewer
from schema.errors import shown


def answers(asked: Asked, state: State, viewer: Viewer) -> AsyncGenerator[bytes, None]:
    """The results of an operation, as `results` gives them, or the reason why its document is not executed."""
    try:
        operation = state.documents.operation(asked)
    except TidegateError as error:
        count_refused(error)
        return refused(error)
    return results(operation, state.services, viewer)


async def refused(error: TidegateError) -> AsyncGenerator[bytes, None]:
    """The results of an operation that is refused: none."""
    raise OperationFailed([shown(error)])
    yield b""
