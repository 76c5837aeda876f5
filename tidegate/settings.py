"""What the environment decides; everything else is an argument."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from engine.errors import TidegateError
from storage.keyring import KEY_BYTES, NO_KEYS, KeyRing
from tidegate.setting_texts import (
    SECRET_BYTES,
    address,
    between,
    function,
    hosts,
    key_ring,
    keys_url,
    modules,
    one_of,
    origins,
    secret,
    switch,
    url,
)

POSTGRES_URL = "a URL such as postgresql://user:password@host:5432/name"
REDIS_URL = "a URL such as redis://:password@host:6379/0"
LOG_LEVELS = ("debug", "info", "warning", "error")
OR_DEV = ", or use tidegate dev, which needs none"
MANY = 1_000_000
UP_TO_MANY = f"a whole number from 1 to {MANY}"
ALLOWED_HOSTS = "hosts such as localhost:8080,10.0.0.7 or [::1]:9000"
SECRET_KEYS = "TIDEGATE_SECRET_KEYS"
KEYS = f"keys of {KEY_BYTES} bytes by id, such as 2026:$(openssl rand -base64 {KEY_BYTES}), separated by commas"
SECRET = f"a secret of at least {SECRET_BYTES} bytes, such as `openssl rand -base64 48` gives"
KEYS_URL = "a URL of https, or of http on this machine, without a password"
MODULES = "names of modules such as shop_nodes or package.module, separated by commas"
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
    """One variable of the environment: the field that it fills, what its text must be, and what it means."""

    name: str
    field: str
    read: Callable[[str], Any]
    expected: str
    meaning: str = ""

    def value(self, text: str) -> Any:
        """Read the variable's text; raises `InvalidSetting`, which never shows a password or secret."""
        try:
            return self.read(text)
        except (ValueError, KeyError):
            raise InvalidSetting(self.name, self._shown(text), self.expected) from None

    def _shown(self, text: str) -> str:
        if self.name.endswith(("_SECRET", "_KEYS")):
            return f"a text of {len(text)} characters"
        return repr(_without_password(text) if self.name.endswith(("_URL", "_ENDPOINT")) else text)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process.

    `worker_concurrency` counts the executions that a worker runs at once, `owner_concurrency` and `flow_concurrency`
    those of one owner and of one flow that all workers run at once (None: any number), `lease_seconds` how long a
    silent worker keeps what it runs, `http_allow` the `host` or `host:port` that HTTP nodes may reach although not
    global. Node types come from `node_modules` too; `node_threads` and `node_processes` are for nodes that block, and
    one that does not say so is ended when it has held the event loop for `node_hold_seconds`.

    A worker answers `/healthz`, `/readyz` and `/metrics` at `worker_host` and `worker_port` (None: nowhere).
    `log_format` is text or json, `log_level` the least that is logged. Traces go to `otlp_endpoint` (None: nowhere).

    `documents` is the path of the manifest of trusted documents; with `documents_only` the API runs no others
    but its console's.

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
    node_modules: tuple[str, ...] = ()
    node_threads: int = 32
    node_processes: int = 4
    node_hold_seconds: float = 2.0
    worker_host: str = "127.0.0.1"
    worker_port: int | None = None
    log_format: str = "text"
    log_level: str = "info"
    otlp_endpoint: str | None = None
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


VARIABLES = (
    Variable(
        "DATABASE_URL",
        "database_url",
        url("postgresql", "postgres"),
        POSTGRES_URL,
        "Postgres, the only truth",
    ),
    Variable(
        "REDIS_URL",
        "redis_url",
        url("redis", "rediss", "unix"),
        REDIS_URL,
        'Redis or Valkey, which only says "look now"',
    ),
    Variable(
        "TIDEGATE_WORKER_CONCURRENCY",
        "worker_concurrency",
        between(1, 10_000, int),
        "a whole number from 1 to 10000",
        "how many executions a worker runs at once",
    ),
    Variable(
        "TIDEGATE_OWNER_CONCURRENCY",
        "owner_concurrency",
        between(1, MANY, int),
        UP_TO_MANY,
        "how many executions of one owner all workers together run at once; the same at all workers",
    ),
    Variable(
        "TIDEGATE_FLOW_CONCURRENCY",
        "flow_concurrency",
        between(1, MANY, int),
        UP_TO_MANY,
        "the same for executions of one flow",
    ),
    Variable(
        "TIDEGATE_LEASE_SECONDS",
        "lease_seconds",
        between(1, 3600, float),
        "a number of seconds from 1 to 3600",
        "how long a silent worker keeps what it runs",
    ),
    Variable(
        "TIDEGATE_HTTP_ALLOW",
        "http_allow",
        hosts,
        ALLOWED_HOSTS,
        "what HTTP nodes may reach although not on the public internet, separated by commas",
    ),
    Variable(
        "TIDEGATE_NODES",
        "node_modules",
        modules,
        MODULES,
        "modules with node types of your own, beside those of installed packages; the same at `serve` and `worker`",
    ),
    Variable(
        "TIDEGATE_NODE_THREADS",
        "node_threads",
        between(1, 1000, int),
        "a whole number from 1 to 1000",
        "how many nodes that run in threads a worker runs at once",
    ),
    Variable(
        "TIDEGATE_NODE_PROCESSES",
        "node_processes",
        between(1, 1000, int),
        "a whole number from 1 to 1000",
        "the same for nodes that run in processes",
    ),
    Variable(
        "TIDEGATE_NODE_HOLD_SECONDS",
        "node_hold_seconds",
        between(0.1, 60, float),
        "a number of seconds from 0.1 to 60",
        "how long a node of your own may hold a worker's event loop before it is ended; at most a quarter of the lease",
    ),
    Variable(
        "TIDEGATE_WORKER_PORT",
        "worker_port",
        between(1, 65_535, int),
        "a port from 1 to 65535",
        "where a worker answers `/healthz`, `/readyz` and `/metrics`",
    ),
    Variable(
        "TIDEGATE_WORKER_HOST",
        "worker_host",
        address,
        "an IP address such as 127.0.0.1 or 0.0.0.0",
        "the address of that port",
    ),
    Variable(
        "TIDEGATE_LOG_FORMAT",
        "log_format",
        one_of("text", "json"),
        "text or json",
        "lines of the log for people, or one JSON object each",
    ),
    Variable(
        "TIDEGATE_LOG_LEVEL",
        "log_level",
        one_of(*LOG_LEVELS),
        "debug, info, warning or error",
        "the least that is logged, unless `--log-level` says otherwise",
    ),
    Variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "otlp_endpoint",
        url("http", "https"),
        "a URL such as http://localhost:4318",
        "the collector that traces are sent to, over OTLP/HTTP; OpenTelemetry's other variables hold too",
    ),
    Variable(
        "TIDEGATE_DOCUMENTS",
        "documents",
        str,
        "the path of a manifest",
        "a manifest of trusted documents, which clients may name instead of sending them: Apollo's persisted query "
        "manifest, or one JSON object of ids and documents",
    ),
    Variable(
        "TIDEGATE_DOCUMENTS_ONLY",
        "documents_only",
        switch,
        "true or false",
        "whether the API runs nothing but those and what its console sends",
    ),
    Variable(
        "TIDEGATE_JWT_SECRET",
        "jwt_secret",
        secret,
        SECRET,
        "what verifies callers' tokens, HS256",
    ),
    Variable(
        "TIDEGATE_JWKS_URL",
        "jwks_url",
        keys_url,
        KEYS_URL,
        "or where the keys are that do, RS256, ES256 or EdDSA",
    ),
    Variable("TIDEGATE_JWT_AUDIENCE", "jwt_audience", str, "a text", "what `aud` of a token must be, else anything"),
    Variable("TIDEGATE_JWT_ISSUER", "jwt_issuer", str, "a text", "what `iss` of a token must be, else anything"),
    Variable(
        "TIDEGATE_VIEWER_HOOK",
        "viewer_hook",
        function,
        HOOK,
        "makes a `resolvers.viewer.Viewer` of a token's claims, for installations with user ids of their own; it may "
        "be async, and raises `engine.errors.Unauthenticated` to refuse",
    ),
    Variable(
        "TIDEGATE_USER_RATE",
        "user_rate",
        between(0.1, MANY, float),
        f"a number from 0.1 to {MANY}",
        "operations a second of one user in one API process; ten times that at once",
    ),
    Variable(
        "TIDEGATE_USER_STREAMS",
        "user_streams",
        between(1, MANY, int),
        UP_TO_MANY,
        "streams and sockets of one user at once in one API process",
    ),
    Variable(
        "TIDEGATE_ALLOWED_ORIGINS",
        "allowed_origins",
        origins,
        ORIGINS,
        "other origins whose pages may use the API",
    ),
    Variable(
        SECRET_KEYS,
        "secret_keys",
        key_ring,
        KEYS,
        "the keys that secrets, and signing keys of webhooks, are sealed with: the first one seals, all open; the same "
        "at `serve` and `worker`",
    ),
)
