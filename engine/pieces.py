"""What a node reads a stream from: its pieces, one after another."""

from collections.abc import AsyncIterator, Iterable
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema


class Pieces(AsyncIterator[Any]):
    """The pieces of a stream, each given once: `async for piece in inputs.stream`.

    It ends when the node that writes the stream has completed, and raises `NodeError` when that has failed.
    """

    def __init__(self, source: AsyncIterator[Any]) -> None:
        self._source = source

    @classmethod
    def of(cls, pieces: Iterable[Any]) -> "Pieces":
        """A stream that is there already, as tests of nodes want it."""

        async def give() -> AsyncIterator[Any]:
            for piece in pieces:
                yield piece

        return cls(give())

    async def __anext__(self) -> Any:
        return await anext(self._source)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {}
