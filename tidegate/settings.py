"""What the environment decides; everything else is an argument."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

from engine.errors import TidegateError

POSTGRES_URL = "a URL such as postgresql://user:password@host:5432/name"
REDIS_URL = "a URL such as redis://:password@host:6379/0"
LOG_LEVELS = ("debug", "info", "warning", "error")
OR_DEV = ", or use tidegate dev, which needs none"
MANY = 1_000_000
UP_TO_MANY = f"a whole number from 1 to {MANY}"
ALLOWED_HOSTS = "hosts such as localhost:8080,10.0.0.7 or [::1]:9000"


class InvalidSetting(TidegateError):
    """A setting in the environment is not valid."""

    def __init__(self, variable: str, text: str, expected: str) -> None:
        super().__init__(f"{variable} is {text!r}; it must be {expected}.")


class MissingSetting(TidegateError):
    """A setting that this process needs is not in the environment."""

    def __init__(self, variable: str, expected: str) -> None:
        super().__init__(f"{variable} is not set; it must be {expected}.")


class Variable(NamedTuple):
    """One variable of the environment: the field that it fills, what its text must be, and what it means."""

    name: str
    field: str
    read: Callable[[str], Any]
    expected: str
    meaning: str = ""

    def value(self, text: str) -> Any:
        """Read the variable's text; raises `InvalidSetting`, which never shows a password."""
        try:
            return self.read(text)
        except (ValueError, KeyError):
            shown = _without_password(text) if self.name.endswith("_URL") else text
            raise InvalidSetting(self.name, shown, self.expected) from None


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a process.

    `worker_concurrency` counts the executions that a worker runs at once, `owner_concurrency` and `flow_concurrency`
    those of one owner and of one flow that all workers run at once (None: any number), `lease_seconds` how long a
    silent worker keeps what it runs, `http_allow` the `host` or `host:port` that HTTP nodes may reach although not
    global. A worker answers `/healthz`, `/readyz` and `/metrics` at `worker_host` and `worker_port` (None: nowhere).
    `log_format` is text or json, `log_level` the least that is logged. Traces go to `otlp_endpoint` (None: nowhere).

    `documents` is the path of the manifest of trusted documents; with `documents_only` the API runs no others.
    """

    database_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    worker_concurrency: int = 64
    owner_concurrency: int | None = None
    flow_concurrency: int | None = None
    lease_seconds: float = 10.0
    http_allow: frozenset[str] = frozenset()
    worker_host: str = "127.0.0.1"
    worker_port: int | None = None
    log_format: str = "text"
    log_level: str = "info"
    otlp_endpoint: str | None = None
    documents: str | None = None
    documents_only: bool = False

    @classmethod
    def read(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the environment; an empty variable counts as not set. Raises `InvalidSetting` and `MissingSetting`."""
        given = {variable: environment.get(variable.name, "").strip() for variable in VARIABLES}
        settings = cls(**{variable.field: variable.value(text) for variable, text in given.items() if text})
        if settings.documents_only and settings.documents is None:
            raise MissingSetting("TIDEGATE_DOCUMENTS", "the path of a manifest, as TIDEGATE_DOCUMENTS_ONLY is set")
        return settings

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


def _switch(text: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[text.lower()]


def _one_of(*choices: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text.lower() not in choices:
            raise ValueError
        return text.lower()

    return read


def _address(text: str) -> str:
    return str(ip_address(text))


def _hosts(text: str) -> frozenset[str]:
    hosts = frozenset(part.strip().lower() for part in text.split(",") if part.strip())
    for host in hosts:
        parts = urlsplit(f"//{host}")
        if not parts.hostname or parts.path or parts.username is not None or parts.port == 0:
            raise ValueError
    return hosts


VARIABLES = (
    Variable(
        "DATABASE_URL",
        "database_url",
        _url("postgresql", "postgres"),
        POSTGRES_URL,
        "Postgres, the only truth",
    ),
    Variable(
        "REDIS_URL",
        "redis_url",
        _url("redis", "rediss", "unix"),
        REDIS_URL,
        'Redis or Valkey, which only says "look now"',
    ),
    Variable(
        "TIDEGATE_WORKER_CONCURRENCY",
        "worker_concurrency",
        _between(1, 10_000, int),
        "a whole number from 1 to 10000",
        "how many executions a worker runs at once",
    ),
    Variable(
        "TIDEGATE_OWNER_CONCURRENCY",
        "owner_concurrency",
        _between(1, MANY, int),
        UP_TO_MANY,
        "how many executions of one owner all workers together run at once; the same at all workers",
    ),
    Variable(
        "TIDEGATE_FLOW_CONCURRENCY",
        "flow_concurrency",
        _between(1, MANY, int),
        UP_TO_MANY,
        "the same for executions of one flow",
    ),
    Variable(
        "TIDEGATE_LEASE_SECONDS",
        "lease_seconds",
        _between(1, 3600, float),
        "a number of seconds from 1 to 3600",
        "how long a silent worker keeps what it runs",
    ),
    Variable(
        "TIDEGATE_HTTP_ALLOW",
        "http_allow",
        _hosts,
        ALLOWED_HOSTS,
        "what HTTP nodes may reach although not on the public internet, separated by commas",
    ),
    Variable(
        "TIDEGATE_WORKER_PORT",
        "worker_port",
        _between(1, 65_535, int),
        "a port from 1 to 65535",
        "where a worker answers `/healthz`, `/readyz` and `/metrics`",
    ),
    Variable(
        "TIDEGATE_WORKER_HOST",
        "worker_host",
        _address,
        "an IP address such as 127.0.0.1 or 0.0.0.0",
        "the address of that port",
    ),
    Variable(
        "TIDEGATE_LOG_FORMAT",
        "log_format",
        _one_of("text", "json"),
        "text or json",
        "lines of the log for people, or one JSON object each",
    ),
    Variable(
        "TIDEGATE_LOG_LEVEL",
        "log_level",
        _one_of(*LOG_LEVELS),
        "debug, info, warning or error",
        "the least that is logged, unless `--log-level` says otherwise",
    ),
    Variable(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "otlp_endpoint",
        _url("http", "https"),
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
        _switch,
        "true or false",
        "whether the API runs nothing but those",
    ),
)
