"""Puts a long text together from pieces without holding up others, and stops where it becomes too long."""

from collections.abc import Iterable

from engine.evaluation import STRIDE, Pause
from engine.values import check_length


async def collected(pieces: Iterable[str]) -> str:
    """The pieces in one; raises `ValueRefused` when they are too much for a value.

    An indent can make gigabytes of a value: it is repeated for each part of it, once a level.
    """
    taken, length, pause = [], 0, Pause()
    for number, piece in enumerate(pieces):
        length += len(piece)
        check_length(length)
        taken.append(piece)
        if number % STRIDE == 0:
            await pause.when_due()
    return "".join(taken)
