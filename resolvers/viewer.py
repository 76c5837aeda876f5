"""Who asks."""

from dataclasses import dataclass

from storage.access import Reader

ADMIN = "admin"
"""The role of those who see and command everything."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller; `id` is the owner of all that the caller makes.

    `expires_at` is when the caller's token ends, in seconds since 1970; None if there is no end.
    """

    id: str
    name: str | None = None
    roles: tuple[str, ...] = ()
    expires_at: float | None = None

    @property
    def reader(self) -> Reader:
        """For whom rows are read."""
        return Reader(self.id, ADMIN in self.roles)


LOCAL = Viewer("local", "Local developer", ("owner",))
"""Everybody, where nobody has to say who they are."""
