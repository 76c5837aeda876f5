"""From what a client shows to who it is."""

import inspect
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from engine.errors import TidegateError, Unauthenticated
from resolvers.tokens import LEEWAY_SECONDS, Claims, Verifier
from resolvers.viewer import LOCAL, Viewer

ID_LENGTH = 255
"""Characters of a user's id."""

ViewerHook = Callable[[Mapping[str, Any]], Any]
"""Maps the claims of a valid token to a `Viewer`, or to an awaitable of one; raises `Unauthenticated` to refuse."""

logger = logging.getLogger(__name__)


class Authenticator(Protocol):
    """Knows callers."""

    async def __call__(self, token: str | None) -> Viewer:
        """Say who shows this token (None: none); raises `Unauthenticated`."""


class HookFailed(TidegateError):
    """What is to say who somebody is does not work."""

    def __init__(self, error_id: str) -> None:
        super().__init__(f"Something went wrong here; the log has it as {error_id}.")
        self.error_id = error_id

    @property
    def extensions(self) -> Mapping[str, Any]:
        return {"id": self.error_id}


async def anybody(token: str | None) -> Viewer:
    """Everybody is the local developer."""
    return LOCAL


@dataclass(frozen=True, slots=True)
class Bearers:
    """Knows callers by their tokens; `hook` says who they are where that is not what `viewer_of` says."""

    verifier: Verifier
    hook: ViewerHook | None = None

    async def __call__(self, token: str | None) -> Viewer:
        """Say who shows this token; raises `Unauthenticated`, and `HookFailed`."""
        if token is None:
            raise Unauthenticated()
        claims = await self.verifier.claims(token)
        viewer = viewer_of(claims) if self.hook is None else await _hooked(self.hook, claims)
        return replace(viewer, expires_at=float(claims["exp"]) + LEEWAY_SECONDS)


def viewer_of(claims: Claims) -> Viewer:
    """The viewer that `sub`, `name` and `roles` speak of; raises `Unauthenticated`."""
    name, roles = claims.get("name"), claims.get("roles", [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise Unauthenticated("The roles in the token must be a list of texts.")
    return _checked(Viewer(claims["sub"], name if isinstance(name, str) else None, tuple(roles)))


def _checked(viewer: Viewer) -> Viewer:
    if not is_user_id(viewer.id):
        raise Unauthenticated(f"The user's id must be a text of 1 to {ID_LENGTH} characters.")
    return viewer


def is_user_id(id: Any) -> bool:
    """Whether somebody can have this id: a text that is not long, and that the database can store."""
    if not isinstance(id, str) or not 1 <= len(id) <= ID_LENGTH:
        return False
    return "\0" not in id and not any("\ud800" <= character <= "\udfff" for character in id)


async def _hooked(hook: ViewerHook, claims: Claims) -> Viewer:
    try:
        viewer = hook(claims)
        if inspect.isawaitable(viewer):
            viewer = await viewer
        if not isinstance(viewer, Viewer):
            raise TypeError(f"The hook gave {type(viewer).__name__}, not a Viewer.")
    except Unauthenticated:
        raise
    except Exception as error:
        error_id = secrets.token_hex(8)
        logger.error("error %s in the viewer hook", error_id, exc_info=error)
        raise HookFailed(error_id) from None
    return _checked(viewer)
