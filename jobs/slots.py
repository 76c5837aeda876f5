"""The places of the executions that a worker runs at once."""

import math
import time
from collections.abc import Callable

from jobs.metrics import SLOTS, SLOTS_USED


class Slots:
    """A fixed number of places; `on_free` is called whenever one becomes free."""

    def __init__(self, limit: int, on_free: Callable[[], None]) -> None:
        self.limit = limit
        self.free = limit
        self._on_free = on_free
        SLOTS.set(limit)
        self._last_full = -math.inf

    def had_room_for(self, seconds: float) -> bool:
        """Whether there has been a free place all the time for so long."""
        return self.free > 0 and time.monotonic() - self._last_full >= seconds

    def take(self) -> bool:
        """Take a place; False if there is none."""
        if self.free == 0:
            return False
        self.free -= 1
        SLOTS_USED.set(self.limit - self.free)
        return True

    def give_back(self) -> None:
        """Free a place."""
        if self.free == 0:
            self._last_full = time.monotonic()
        self.free += 1
        SLOTS_USED.set(self.limit - self.free)
        self._on_free()


class Place:
    """The place of one execution, which it gives up while it only waits."""

    def __init__(self, slots: Slots) -> None:
        self._slots = slots
        self._is_taken = False

    def take(self) -> bool:
        """Take a place unless there is one already; False if all are taken."""
        self._is_taken = self._is_taken or self._slots.take()
        return self._is_taken

    def free(self) -> None:
        """Give the place back, if it is taken."""
        if self._is_taken:
            self._is_taken = False
            self._slots.give_back()


class NoPlace:
    """What an execution has that may be told something, but not be run."""

    def take(self) -> bool:
        """There is none to take."""
        return False

    def free(self) -> None:
        """There is none to give back."""
