"""How a record of the log is written: as a line of text for people, or as a line of JSON for machines."""

import re
from datetime import UTC, datetime
from logging import Formatter, LogRecord
from typing import Any

import orjson

from jobs.whereabouts import execution_id, worker_id
from resolvers.request_ids import request_id

HIDDEN = "***"
NO_REQUEST = "-"

_SECRETS = (
    re.compile(r"(?P<kept>://[^\s/@:]*:)[^\s/]+(?=@)"),
    re.compile(r"(?i)(?P<kept>bearer\s+)[\w.~+/=-]+"),
)
"""Passwords of URLs, and tokens."""

_VALUES = (
    re.compile(r"(?P<kept>input_value=).*?(?=, input_type=)", re.DOTALL),
    re.compile(r"(?P<kept>invalid input for query argument \$\d+: ).*"),
    re.compile(r"(?P<kept>DETAIL: ).*"),
)
"""What pydantic, asyncpg and Postgres show of the values that they refuse."""


def without_secrets(text: str) -> str:
    """Hide what is nobody's business, whoever has put it into a message."""
    for pattern in (*_SECRETS, *_VALUES):
        text = pattern.sub(rf"\g<kept>{HIDDEN}", text)
    return text


class TextLines(Formatter):
    """Time, level, logger, what it is about (a request or an execution), message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(about)s]: %(message)s")

    def format(self, record: LogRecord) -> str:
        record.about = _request() or execution_id() or NO_REQUEST
        return without_secrets(super().format(record))


class JsonLines(Formatter):
    """One object a line; what does not apply is left out."""

    def format(self, record: LogRecord) -> str:
        said: dict[str, Any] = {
            "time": _time(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_secrets(record.getMessage()),
            "request_id": _request(),
            "worker_id": worker_id(),
            "execution_id": execution_id(),
            "exception": self._exception(record),
        }
        known = {name: value for name, value in said.items() if value is not None}
        return orjson.dumps(known, default=str).decode()

    def _exception(self, record: LogRecord) -> str | None:
        return without_secrets(self.formatException(record.exc_info)) if record.exc_info else None


def _request() -> str | None:
    id = request_id()
    return None if id == NO_REQUEST else id


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
