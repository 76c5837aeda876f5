"""The id of the request that is being served, for its answer and for the log.

A socket has one too; what one of its operations logs has the operation's id behind it, as in `a1b2/7`.
"""

import re
import secrets
from contextvars import ContextVar

ID_LENGTH = 128

_current: ContextVar[str] = ContextVar("request id", default="-")

_WELL_FORMED = re.compile(rf"[\w.:+/=@-]{{1,{ID_LENGTH}}}", re.ASCII)
# A client may give an operation any id; nothing of it may break a line of the log.
_UNFIT = re.compile(r"[^\w.:+=@-]", re.ASCII)


def request_id() -> str:
    """The id of the request that is being served here; `-` outside of requests."""
    return _current.get()


def enter_request(wish: str) -> str:
    """From here on this task serves a request; gives its id, which is the `wish` if that is well-formed."""
    id = wish if _WELL_FORMED.fullmatch(wish) else secrets.token_hex(8)
    _current.set(id)
    return id


def enter_operation(id: str) -> None:
    """From here on this task serves one operation of its socket."""
    _current.set(f"{request_id()}/{_UNFIT.sub('?', id[:ID_LENGTH])}")
