"""Where a subscription's batches come from: to be executed, or, if all that is selected of them is plain, just read."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any


class Source:
    """The batches of a subscription. The executor iterates over them, but for those that were read before it came.

    `read` makes a batch into the data of its result, and raises for one that must be executed.
    """

    def __init__(self, batches: AsyncIterator[Any], read: Callable[[Any], Any]) -> None:
        self._batches = batches
        self._read = read
        self._left: list[Any] = []
        self._error: Exception | None = None

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        if self._error:
            raise self._error
        return self._left.pop() if self._left else await anext(self._batches)

    async def aclose(self) -> None:
        """Free what the subscription holds."""
        if isinstance(self._batches, AsyncGenerator):
            await self._batches.aclose()

    async def plain(self) -> Any:
        """The data of the next batch; None at the end, and when anything goes wrong, which is left to the executor."""
        try:
            batch = await anext(self._batches)
        except StopAsyncIteration:
            return None
        except Exception as error:
            self._error = error
            return None
        try:
            return self._read(batch)
        except Exception:
            self._left.append(batch)
            return None


@dataclass
class Sourced:
    """The part of an operation's context where the executor of a plain subscription puts the source of its batches."""

    source: Source | None = field(init=False, default=None)
