"""How a server treats those who call it."""

from dataclasses import dataclass, field

from resolvers.authentication import Authenticator, anybody
from resolvers.quotas import Quotas

MESSAGES_PER_SECOND = 100.0
"""How many messages one webhook takes in one process of the API, unless it is told otherwise."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a process of the API was started with; `messages` are those to webhooks, each of which counts for itself.

    Requests for a `loopback` server must name this machine. Pages of the `origins`, such as `https://app.example`, may
    ask too. Only with `is_development` is the schema shown to whoever asks for it.
    """

    authenticate: Authenticator = anybody
    quotas: Quotas = field(default_factory=Quotas)
    messages: Quotas = field(default_factory=lambda: Quotas(MESSAGES_PER_SECOND))
    origins: frozenset[str] = frozenset()
    loopback: bool = False
    is_development: bool = False
