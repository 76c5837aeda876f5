"""What the environment decides; everything else is an argument."""

import base64
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from engine.errors import TidegateError
from storage.keyring import KEY_BYTES, NO_KEYS, KeyRing
from tidegate.loopback import is_this_machine

POSTGRES_URL = "a URL such as postgresql://user:password@host:5432/name"
REDIS_URL = "a URL such as redis://:password@host:6379/0"
OR_DEV = ", or use tidegate dev, which needs none"
MANY = 1_000_000
UP_TO_MANY = f"a whole number from 1 to {MANY}"
ALLOWED_HOSTS = "hosts such as localhost:8080,10.0.0.7 or [::1]:9000"
SECRET_BYTES = 32
SECRET_KEYS = "TIDEGATE_SECRET_KEYS"
KEYS = f"keys of {KEY_BYTES} bytes by id, such as 2026:$(openssl rand -base64 {KEY_BYTES}), separated by commas"
SECRET = f"a secret of at least {SECRET_BYTES} bytes, such as `openssl rand -base64 48` gives"
KEYS_URL = "a URL of https, or of http on this machine, without a password"
HOOK = "the name of a function, such as package.module:function"
ORIGINS = "origins such as https://app.example or http://localhost:5173, separated by commas"


class InvalidSetting(TidegateError):
    """A setting in the environment is not valid."""

    def __init__(self, variable: str, shown: str, expected: str) -> None:
        super().__init__(f"{variable} is {shown}; it must be {expected}.")


class MissingSetting(TidegateError):
    """A setting that this process needs is not in the environment."""

    def __init__(self, variable: str, expected: str) -> None:
        super().__init__(f"{variable} is not set; it must be {expected}.")


class ConflictingSettings(TidegateError):
    """TIDEGATE_JWT_SECRET and TIDEGATE_JWKS_URL are both set; tokens are verified with one of them."""


class Variable(NamedTuple):
    """One variable of the environment: the field that it fills, and what its text must be."""

    name: str
    field: str
    read: Callable[[str], Any]
    expected: str

    def value(self, text: str) -> Any:
        """Read the variable's text; raises `InvalidSetting`, which never shows a password or secret."""
        try:
            return self.read(text)
        except (ValueError, KeyError):
            raise InvalidSetting(self.name, self._shown(text), self.expected) from None

    def _shown(self, text: str) -> str:
        if self.name.endswith(("_SECRET", "_KEYS")):
            return f"a text of {len(text)} characters"
        return repr(_without_password(text) if self.name.endswith("_URL") else text)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process.

    `worker_concurrency` counts the executions that a worker runs at once, `owner_concurrency` and `flow_concurrency`
    those of one owner and of one flow that all workers run at once (None: any number), `lease_seconds` how long a
    silent worker keeps what it runs, `http_allow` the `host` or `host:port` that HTTP nodes may reach although not
    global. `documents` is the path of the manifest of trusted documents; with `documents_only` the API runs no others.

    Callers of the API show tokens that `jwt_secret` or the keys at `jwks_url` verify; without either, there is no
    authentication. `user_rate` is how many operations a second, and `user_streams` how many streams and sockets at
    once, a user may have in one process of the API, where users are known. Pages of `allowed_origins` may ask it.
    `secret_keys` seal what is stored of secrets, and open it for nodes.
    """

    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    worker_concurrency: int = 64
    owner_concurrency: int | None = None
    flow_concurrency: int | None = None
    lease_seconds: float = 10.0
    http_allow: frozenset[str] = frozenset()
    documents: str | None = None
    documents_only: bool = False
    jwt_secret: str | None = field(default=None, repr=False)
    jwks_url: str | None = None
    secret_keys: KeyRing = field(default=NO_KEYS, repr=False)
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    viewer_hook: str | None = None
    user_rate: float = 100.0
    user_streams: int = 100
    allowed_origins: frozenset[str] = frozenset()

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; an empty variable counts as not set.

        Raises `InvalidSetting`, `MissingSetting` and `ConflictingSettings`.
        """
        given = {variable: environment.get(variable.name, "").strip() for variable in VARIABLES}
        settings = cls(**{variable.field: variable.value(text) for variable, text in given.items() if text})
        if settings.jwt_secret and settings.jwks_url:
            raise ConflictingSettings()
        if settings.documents_only and settings.documents is None:
            raise MissingSetting("TIDEGATE_DOCUMENTS", "the path of a manifest, as TIDEGATE_DOCUMENTS_ONLY is set")
        return settings

    @property
    def has_authentication(self) -> bool:
        """Whether callers of the API must say who they are."""
        return self.jwt_secret is not None or self.jwks_url is not None

    @property
    def database(self) -> str:
        """The Postgres URL; raises `MissingSetting`."""
        if self.database_url is None:
            raise MissingSetting("DATABASE_URL", f"{POSTGRES_URL}{OR_DEV}")
        return self.database_url

    @property
    def redis(self) -> str:
        """The Redis URL; raises `MissingSetting`."""
        if self.redis_url is None:
            raise MissingSetting("REDIS_URL", f"{REDIS_URL}{OR_DEV}")
        return self.redis_url


def _without_password(text: str) -> str:
    scheme, separator, rest = text.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        parts = urlsplit(text)
        # `port` raises ValueError for what is no port.
        if parts.scheme not in schemes or parts.port == 0:
            raise ValueError
        return text

    return read


def _between(low: float, high: float, kind: type[int] | type[float]) -> Callable[[str], int | float]:
    def read(text: str) -> int | float:
        number = kind(text)
        if not low <= number <= high:
            raise ValueError
        return number

    return read


def _secret(text: str) -> str:
    if len(text.encode()) < SECRET_BYTES:
        raise ValueError
    return text


def _key_ring(text: str) -> KeyRing:
    named = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    keys = {key_id: base64.b64decode(key, validate=True) for key_id, _, key in named}
    is_valid = all(
        re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", key_id) and len(key) == KEY_BYTES for key_id, key in keys.items()
    )
    if not keys or len(keys) != len(named) or not is_valid:
        raise ValueError
    return KeyRing(keys)


def _keys_url(text: str) -> str:
    parts = urlsplit(text)
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(text))
    if not is_safe or not parts.hostname or parts.username is not None or parts.port == 0:
        raise ValueError
    return text


def _function(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", text):
        raise ValueError
    return text


def _origins(text: str) -> frozenset[str]:
    origins = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in ("http", "https") or origin != f"{parts.scheme}://{parts.netloc}" or "@" in origin:
            raise ValueError
        if not parts.hostname or parts.port == 0:
            raise ValueError
    return origins


def _switch(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _hosts(text: str) -> frozenset[str]:
    hosts = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for host in hosts:
        parts = urlsplit(f"//{host}")
        if not parts.hostname or parts.path or parts.username is not None or parts.port == 0:
            raise ValueError
    return hosts


VARIABLES = (
    Variable("DATABASE_URL", "database_url", _url("postgresql", "postgres"), POSTGRES_URL),
    Variable("REDIS_URL", "redis_url", _url("redis", "rediss", "unix"), REDIS_URL),
    Variable(
        "TIDEGATE_WORKER_CONCURRENCY",
        "worker_concurrency",
        _between(1, 10_000, int),
        "a whole number from 1 to 10000",
    ),
    Variable("TIDEGATE_OWNER_CONCURRENCY", "owner_concurrency", _between(1, MANY, int), UP_TO_MANY),
    Variable("TIDEGATE_FLOW_CONCURRENCY", "flow_concurrency", _between(1, MANY, int), UP_TO_MANY),
    Variable(
        "TIDEGATE_LEASE_SECONDS",
        "lease_seconds",
        _between(1, 3600, float),
        "a number of seconds from 1 to 3600",
    ),
    Variable("TIDEGATE_HTTP_ALLOW", "http_allow", _hosts, ALLOWED_HOSTS),
    Variable("TIDEGATE_JWT_SECRET", "jwt_secret", _secret, SECRET),
    Variable("TIDEGATE_JWKS_URL", "jwks_url", _keys_url, KEYS_URL),
    Variable(SECRET_KEYS, "secret_keys", _key_ring, KEYS),
    Variable("TIDEGATE_JWT_AUDIENCE", "jwt_audience", str, "a text"),
    Variable("TIDEGATE_JWT_ISSUER", "jwt_issuer", str, "a text"),
    Variable("TIDEGATE_VIEWER_HOOK", "viewer_hook", _function, HOOK),
    Variable("TIDEGATE_USER_RATE", "user_rate", _between(0.1, MANY, float), f"a number from 0.1 to {MANY}"),
    Variable("TIDEGATE_USER_STREAMS", "user_streams", _between(1, MANY, int), UP_TO_MANY),
    Variable("TIDEGATE_ALLOWED_ORIGINS", "allowed_origins", _origins, ORIGINS),
    Variable("TIDEGATE_DOCUMENTS", "documents", str, "the path of a manifest"),
    Variable("TIDEGATE_DOCUMENTS_ONLY", "documents_only", _switch, "true or false"),
)
