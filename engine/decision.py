"""What a decision is: events that belong together, and what becomes of them."""

from typing import NamedTuple

from engine.commands import Command
from engine.event import Event
from engine.spawns import Spawn


class Decision(NamedTuple):
    """Events to append together.

    Those that end the execution (`closing`) or create children (`spawns`) are folded in only after the log has them:
    before an end a command may come in that goes first, and where the budget of children does not allow the spawns,
    `otherwise` is decided instead.
    """

    events: tuple[Event, ...] = ()
    closing: bool = False
    spawns: tuple[Spawn, ...] = ()
    otherwise: Command | None = None

    @property
    def awaits_log(self) -> bool:
        """True if nothing may be decided before the log has these events."""
        return self.closing or bool(self.spawns)


NOTHING = Decision()
