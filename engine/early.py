"""What a state remembers of what a node has given before it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple


class Early(NamedTuple):
    """When an output resolved before its node ended: its turn among all that settles, and milliseconds since 1970."""

    turn: int
    at: int


@dataclass(slots=True)
class StreamRecord:
    """How far a stream is: the attempt that writes it, the index of the event with its first piece, and its pieces."""

    attempt: int
    first_index: int
    pieces: int = 0


NONE_EARLY: Mapping[str, Early] = MappingProxyType({})
NO_STREAMS: Mapping[str, StreamRecord] = MappingProxyType({})
"""What all nodes share that have given nothing before their end, which are most."""
