"""The two scalars: DateTime, to the millisecond and always in UTC, and JSON, which changes nothing."""

import re
from datetime import UTC, datetime
from typing import Any, NewType

import orjson
import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from engine.errors import ValueRefused
from engine.values import encode

JSON = NewType("JSON", object)
"""Any JSON value, as it was given."""

JSON_NAME = "JSON"

_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")


def format_date_time(moment: datetime | str) -> str:
    """Write an aware datetime as `YYYY-MM-DDTHH:MM:SS.mmmZ`; text of events already has that form."""
    if isinstance(moment, str):
        return moment
    utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    # By orjson, which needs a fifth of the time of `isoformat`, and every event has one. It leaves out a fraction of 0.
    text = orjson.dumps(utc).decode()
    return f"{text[1:24]}Z" if utc.microsecond else f"{text[1:20]}.000Z"


def parse_date_time(text: Any) -> datetime:
    """Read exactly `YYYY-MM-DDTHH:MM:SS.mmmZ`; raises `GraphQLError` for anything else."""
    try:
        if isinstance(text, str) and _DATE_TIME.match(text):
            return datetime.fromisoformat(text)
    except ValueError:
        pass
    raise GraphQLError("Expected a date and time of the form YYYY-MM-DDTHH:MM:SS.mmmZ.")


def parse_json(data: Any) -> Any:
    """Take a JSON value in; raises `GraphQLError` for what cannot be stored exactly."""
    try:
        encode(data)
    except ValueRefused as error:
        raise GraphQLError(error.message) from None
    return data


def _as_is(data: Any) -> Any:
    return data


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A point in time in UTC, always written as `YYYY-MM-DDTHH:MM:SS.mmmZ`.",
        serialize=format_date_time,
        parse_value=parse_date_time,
    ),
    JSON: strawberry.scalar(
        name=JSON_NAME,
        description="Any JSON value. It comes back as it was given: key order, integers and floats are kept. NaN, "
        "infinities, integers beyond 64 bits, lone surrogates and NUL characters are refused.",
        serialize=_as_is,
        parse_value=parse_json,
    ),
}
