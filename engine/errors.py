"""Every error that Tidegate raises on purpose.

TidegateError
├── BadUserInput            a value that the caller gave is wrong; names the field
│   └── InvalidDocument     a flow document with its list of problems
├── NotFound                there is no such object, or the caller may not see it
├── Forbidden               the caller may see the object, but not do this with it
├── Unauthenticated         it is not known who calls, or no longer
├── RateLimited             the caller asks for too much at once; says when to try again
├── PersistedQueryNotFound  a client names a document that the server does not have
├── NotTrusted              a client sends a document that is not in the server's manifest
├── InvalidState            the object is in a status that refuses the command
├── Conflict                the object has changed meanwhile, or exists with other content
├── PayloadTooLarge         more bytes than the limit
├── QueryTooComplex         it would take too long to find what is asked for
├── KeysMissing             this process has no keys for secrets
├── UnknownKey              something is sealed with a key that is not there
├── SealBroken              something sealed was changed
├── ServiceUnavailable      a server that Tidegate needs cannot be reached
│   └── ShuttingDown        this server ends; another one, or it again, will go on
├── NodeError               a node's attempt failed; becomes the `error` of its events
│   ├── InputError          a value did not fit its input port
│   ├── ValueRefused        a node gave a value that cannot be stored
│   └── NodeTimeout         an attempt took longer than its limit
└── ClaimLost               another worker owns the execution now

A class's docstring is its default message; `code` is what GraphQL clients see in `extensions.code`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from engine.problems import Problem


class TidegateError(Exception):
    """Something went wrong."""

    code: ClassVar[str] = "INTERNAL_SERVER_ERROR"

    def __init__(self, message: str | None = None) -> None:
        self.message = message or (self.__doc__ or "").strip()
        super().__init__(self.message)

    @property
    def extensions(self) -> Mapping[str, Any]:
        """What a GraphQL client finds in `extensions` beside `code`."""
        return {}


class BadUserInput(TidegateError):
    """A value is not valid."""

    code = "BAD_USER_INPUT"

    def __init__(self, message: str | None = None, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field

    @property
    def extensions(self) -> Mapping[str, Any]:
        return {"field": self.field} if self.field else {}


class InvalidDocument(BadUserInput):
    """The flow document is not valid."""

    def __init__(self, problems: Sequence["Problem"], *, field: str = "input.document") -> None:
        first = f"{problems[0].path or '/'}: {problems[0].message}"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"The flow document is not valid: {first}{more}", field=field)
        self.problems = tuple(problems)

    @property
    def extensions(self) -> Mapping[str, Any]:
        problems = [problem.model_dump(mode="json", exclude_none=True) for problem in self.problems]
        return {**super().extensions, "problems": problems}


class NotFound(TidegateError):
    """There is no such object."""

    code = "NOT_FOUND"


class Forbidden(TidegateError):
    """You may see this, but not do that with it."""

    code = "FORBIDDEN"


class PersistedQueryNotFound(TidegateError):
    """PersistedQueryNotFound"""

    # Apollo's clients look for this message or this code, and then send the document.
    code = "PERSISTED_QUERY_NOT_FOUND"


class NotTrusted(TidegateError):
    """This server runs only the documents of its manifest, and this is none of them."""

    code = "FORBIDDEN"


class Unauthenticated(TidegateError):
    """A valid bearer token is needed."""

    code = "UNAUTHENTICATED"


class RateLimited(TidegateError):
    """Too much at once."""

    code = "RATE_LIMITED"

    def __init__(self, message: str | None = None, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def extensions(self) -> Mapping[str, Any]:
        return {"retryAfterMs": math.ceil(self.retry_after * 1000)}


class InvalidState(TidegateError):
    """The execution's status does not allow this."""

    code = "INVALID_STATE"

    def __init__(self, message: str | None = None, *, status: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def extensions(self) -> Mapping[str, Any]:
        return {"status": self.status}


class Conflict(TidegateError):
    """The object has changed meanwhile."""

    code = "CONFLICT"

    def __init__(self, message: str | None = None, **extensions: Any) -> None:
        super().__init__(message)
        self._extensions = extensions

    @property
    def extensions(self) -> Mapping[str, Any]:
        return self._extensions


class PayloadTooLarge(TidegateError):
    """The request is larger than the limit."""

    code = "PAYLOAD_TOO_LARGE"


class QueryTooComplex(TidegateError):
    """The query takes too long."""

    code = "QUERY_TOO_COMPLEX"


class KeysMissing(TidegateError):
    """This process has no keys for secrets: TIDEGATE_SECRET_KEYS is not set."""

    code = "FORBIDDEN"


class UnknownKey(TidegateError):
    """What is stored is sealed with a key that TIDEGATE_SECRET_KEYS does not have."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"It is sealed with the key {key_id!r}, which TIDEGATE_SECRET_KEYS does not have.")


class SealBroken(TidegateError):
    """What is stored is not what was sealed: it was changed, or the key of this id is another one."""


class ServiceUnavailable(TidegateError):
    """A server that Tidegate needs cannot be reached."""


class ShuttingDown(ServiceUnavailable):
    """The server is shutting down."""


class ClaimLost(TidegateError):
    """Another worker owns the execution now."""


class NodeError(TidegateError):
    """The node failed."""

    error_code: ClassVar[str] = "NODE"

    def __init__(self, message: str | None = None, *, retryable: bool = False, code: str | None = None) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.failure_code = code or self.error_code


class InputError(NodeError):
    """A value does not fit its input port."""

    error_code = "INPUT"


class ValueRefused(NodeError):
    """The value cannot be stored."""

    error_code = "PAYLOAD"


class NodeTimeout(NodeError):
    """The node took longer than its limit."""

    error_code = "TIMEOUT"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message, retryable=True)
