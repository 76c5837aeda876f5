"""DateTime and JSON."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from graphql import GraphQLError

from schema.scalars import format_date_time, parse_date_time, parse_json


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678999, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, 0, timezone(timedelta(hours=2))), "2026-01-02T01:04:05.000Z"),
    ],
)
def test_times_are_written_in_utc_to_the_millisecond(moment: datetime, text: str) -> None:
    assert format_date_time(moment) == text


def test_a_time_is_read_back() -> None:
    assert parse_date_time("2026-01-02T03:04:05.678Z") == datetime(2026, 1, 2, 3, 4, 5, 678000, UTC)


@pytest.mark.parametrize(
    "text",
    ["2026-01-02", "2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678+00:00", "2026-13-02T03:04:05.678Z", 7, None, ""],
)
def test_any_other_form_of_a_time_is_refused(text: Any) -> None:
    with pytest.raises(GraphQLError):
        parse_date_time(text)


@pytest.mark.parametrize("data", [1, 1.0, -0.0, 1e16, 2**63 - 1, "ü", None, True, {"b": [1, {"a": None}]}])
def test_json_is_taken_as_it_is(data: Any) -> None:
    assert repr(parse_json(data)) == repr(data)


@pytest.mark.parametrize("data", [float("nan"), [float("inf")], 2**64, "\x00", {"a\x00": 1}, "\ud800", {"a": {1, 2}}])
def test_what_cannot_be_stored_exactly_is_refused(data: Any) -> None:
    with pytest.raises(GraphQLError):
        parse_json(data)
