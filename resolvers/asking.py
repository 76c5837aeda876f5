"""From what a client asks for to its results, for transports that send one after the other."""

from collections.abc import AsyncGenerator

from engine.errors import TidegateError
from resolvers.context import Context
from resolvers.measuring import count_refused
from resolvers.operations import OperationFailed, results
from resolvers.persisted import Documents
from resolvers.requests import Asked
from schema.errors import shown


def answers(asked: Asked, documents: Documents, context: Context) -> AsyncGenerator[bytes, None]:
    """The results of an operation, as `results` gives them, or the reason why its document is not executed."""
    try:
        operation = documents.operation(asked)
    except TidegateError as error:
        count_refused(error)
        return no_results(error)
    return results(operation, context)


async def no_results(error: TidegateError) -> AsyncGenerator[bytes, None]:
    """The results of an operation that is refused."""
    raise OperationFailed([shown(error)])
    yield b""
