"""Answers are written in as few pieces as possible, and none of them is lost."""

import asyncio
from typing import Any, cast

import pytest

from resolvers.connections import Paired


class Wire:
    """A transport that notes what is written to it, each time it is."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: bytes) -> None:
        assert not self.closed
        self.writes.append(data)

    def writelines(self, pieces: Any) -> None:
        self.write(b"".join(pieces))

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


@pytest.fixture
async def wire() -> Wire:
    return Wire()


@pytest.fixture
async def paired(wire: Wire) -> Paired:
    return Paired(cast(asyncio.Transport, wire), asyncio.get_running_loop())


async def test_the_head_of_an_answer_is_written_together_with_its_body(wire: Wire, paired: Paired) -> None:
    paired.write(b"head ")
    paired.write(b"body")
    assert wire.writes == [b"head body"]


async def test_one_piece_is_written_when_the_loop_turns_and_never_more_than_one_is_held(
    wire: Wire, paired: Paired
) -> None:
    for piece in (b"a", b"b", b"c"):
        paired.write(piece)
    assert wire.writes == [b"ab"]
    await asyncio.sleep(0)
    assert wire.writes == [b"ab", b"c"]


async def test_what_is_held_is_written_before_the_end_and_not_after_it(wire: Wire, paired: Paired) -> None:
    paired.write(b"last")
    paired.close()
    assert (wire.writes, wire.closed) == ([b"last"], True)
    paired.write(b"too late")
    await asyncio.sleep(0)
    assert wire.writes == [b"last"]
