"""What a process has at hand because it was used not long ago."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

KeyT = TypeVar("KeyT", bound=Hashable)
ThingT = TypeVar("ThingT")


class Kept(Generic[KeyT, ThingT]):
    """Things by their keys, those that were used last, as many as there is room for; the newest one in any case."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._things: OrderedDict[KeyT, tuple[ThingT, int]] = OrderedDict()
        self._taken = 0

    def get(self, key: KeyT) -> ThingT | None:
        """What is kept under a key; it counts as used."""
        if (found := self._things.get(key)) is None:
            return None
        self._things.move_to_end(key)
        return found[0]

    def keep(self, key: KeyT, thing: ThingT, size: int) -> None:
        """Keep a thing that takes so much of the room, in place of what was kept under its key."""
        self._taken += size - self._things.pop(key, (thing, 0))[1]
        self._things[key] = thing, size
        while self._taken > self._room and len(self._things) > 1:
            self._taken -= self._things.popitem(last=False)[1][1]
