"""Who asks."""

from dataclasses import dataclass

from starlette.requests import HTTPConnection


@dataclass(frozen=True, slots=True)
class Viewer:
    """The caller; `id` is the owner of all that the caller makes and sees."""

    id: str
    name: str | None
    roles: tuple[str, ...] = ()


LOCAL = Viewer("local", "Local developer", ("owner",))


def authenticate(connection: HTTPConnection) -> Viewer:
    """Say who is at the other end of a request or socket: everybody is the local developer."""
    return LOCAL
