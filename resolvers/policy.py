"""How a server treats those who call it."""

from dataclasses import dataclass, field

from resolvers.authentication import Authenticator, anybody
from resolvers.quotas import Quotas


@dataclass(frozen=True, slots=True)
class Policy:
    """What a process of the API was started with.

    Requests for a `loopback` server must name this machine. Pages of the `origins`, such as `https://app.example`, may
    ask too. Only with `is_development` is the schema shown to whoever asks for it.
    """

    authenticate: Authenticator = anybody
    quotas: Quotas = field(default_factory=Quotas)
    origins: frozenset[str] = frozenset()
    loopback: bool = False
    is_development: bool = False
