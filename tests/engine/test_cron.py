"""When schedules are due: on the clocks of time zones, through leap years and changed clocks."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.cron import LONGEST, MINUTE, Cron
from engine.errors import BadUserInput

BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def dues(expression: str, zone: str, after: str, count: int) -> list[str]:
    """The next due times after a local time, as the clocks of the zone show them, each with its offset in hours."""
    cron = Cron.read(expression, zone)
    moment = datetime.fromisoformat(after).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    found = []
    for _ in range(count):
        due = cron.next_after(moment)
        assert due is not None
        assert due > moment
        found.append(due.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes"))
        moment = due
    return found


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        # 2027: Berlin's clocks go from 02:00 to 03:00 on 28 March, and from 03:00 back to 02:00 on 31 October.
        ("30 2 * * *", BERLIN, "2027-03-27T12:00", ["2027-03-28T03:00+02:00", "2027-03-29T02:30+02:00"]),
        ("0,30 2 * * *", BERLIN, "2027-03-27T12:00", ["2027-03-28T03:00+02:00", "2027-03-29T02:00+02:00"]),
        ("*/20 2,3 28 3 *", BERLIN, "2027-03-28T00:00", ["2027-03-28T03:00+02:00", "2027-03-28T03:20+02:00"]),
        ("30 2 * * *", BERLIN, "2027-10-30T12:00", ["2027-10-31T02:30+02:00", "2027-11-01T02:30+01:00"]),
        (
            "*/30 1-3 * * *",
            BERLIN,
            "2027-10-31T01:30",
            ["2027-10-31T02:00+02:00", "2027-10-31T02:30+02:00", "2027-10-31T03:00+01:00"],
        ),
        ("@hourly", BERLIN, "2027-03-28T01:00", ["2027-03-28T03:00+02:00", "2027-03-28T04:00+02:00"]),
        (
            "@hourly",
            BERLIN,
            "2027-10-31T01:00",
            ["2027-10-31T02:00+02:00", "2027-10-31T02:00+01:00", "2027-10-31T03:00+01:00"],
        ),
        # 2027: New York's clocks go from 02:00 to 03:00 on 14 March, and from 02:00 back to 01:00 on 7 November.
        ("15 2 * * *", NEW_YORK, "2027-03-13T12:00", ["2027-03-14T03:00-04:00", "2027-03-15T02:15-04:00"]),
        ("30 1 * * *", NEW_YORK, "2027-11-06T12:00", ["2027-11-07T01:30-04:00", "2027-11-08T01:30-05:00"]),
        (
            "30 0-23 * * *",
            NEW_YORK,
            "2027-11-07T01:00",
            ["2027-11-07T01:30-04:00", "2027-11-07T01:30-05:00", "2027-11-07T02:30-05:00"],
        ),
        # A whole day that was left out, and half an hour.
        ("0 12 * * *", "Pacific/Apia", "2011-12-29T13:00", ["2011-12-31T00:00+14:00", "2011-12-31T12:00+14:00"]),
        ("15 2 * * *", "Australia/Lord_Howe", "2027-10-02T12:00", ["2027-10-03T02:30+11:00", "2027-10-04T02:15+11:00"]),
        ("@hourly", "Australia/Lord_Howe", "2027-10-03T01:00", ["2027-10-03T03:00+11:00", "2027-10-03T04:00+11:00"]),
        # Leap years.
        ("0 0 29 2 *", "UTC", "2096-02-29T00:00", ["2104-02-29T00:00+00:00", "2108-02-29T00:00+00:00"]),
        ("@daily", "UTC", "2028-02-28T00:00", ["2028-02-29T00:00+00:00", "2028-03-01T00:00+00:00"]),
        # The days of month and week: one of them is enough unless either is free.
        ("0 0 13 * FRI", "UTC", "2026-11-11T00:00", ["2026-11-13T00:00+00:00", "2026-11-20T00:00+00:00"]),
        ("@yearly", "UTC", "2026-11-26T00:00", ["2027-01-01T00:00+00:00", "2028-01-01T00:00+00:00"]),
        ("@weekly", "UTC", "2026-11-26T00:00", ["2026-11-29T00:00+00:00", "2026-12-06T00:00+00:00"]),
        ("0 9-17/4 * jan mon-fri", "UTC", "2027-01-01T13:00", ["2027-01-01T17:00+00:00", "2027-01-04T09:00+00:00"]),
    ],
)
def test_due_times_are_those_of_the_table(expression: str, zone: str, after: str, expected: list[str]) -> None:
    assert dues(expression, zone, after, len(expected)) == expected


def test_a_schedule_that_is_made_in_an_hour_that_comes_twice_is_not_due_in_the_past() -> None:
    second_time = datetime(2027, 10, 31, 2, 10, tzinfo=ZoneInfo(BERLIN), fold=1)
    due = Cron.read("30 2 * * *", BERLIN).next_after(second_time)
    assert due == datetime(2027, 11, 1, 1, 30, tzinfo=UTC)


def test_a_due_time_is_later_than_the_moment_to_the_microsecond() -> None:
    cron = Cron.read("* * * * *", "UTC")
    due = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
    assert cron.next_after(due - timedelta(microseconds=1)) == due
    assert cron.next_after(due) == due + MINUTE


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "nonsense",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "-1 * * * *",
        "1,,2 * * * *",
        "@reboot",
        "@every 5m",
        "0 0 30 2 *",
        "0 0 31 4,6,9,11 *",
        "0 0 */31 2 MON#5",
        "9" * 1000 + " * * * *",
        "1," * LONGEST + "1 * * * *",
        "\0 * * * *",
        "１ * * * *",
    ],
)
def test_what_is_no_expression_or_is_never_due_is_refused(expression: str) -> None:
    with pytest.raises(BadUserInput) as refused:
        Cron.read(expression, "UTC")
    assert refused.value.field == "input.cron"


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b", "x" * 9999]
)
def test_what_is_no_time_zone_is_refused(zone: str) -> None:
    with pytest.raises(BadUserInput) as refused:
        Cron.read("@daily", zone)
    assert refused.value.field == "input.timeZone"


@given(st.text(alphabet="0123456789*/,-#L @abcdefWMONJAN", max_size=24))
def test_any_text_is_read_or_refused(text: str) -> None:
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    with suppress(BadUserInput):
        due = Cron.read(text, "UTC").next_after(moment)
        assert due is None or due > moment


@given(
    st.sampled_from(["* * * * *", "*/7 * * * *", "30 2 * * *", "0 0 1 * *", "* * * 1 *", "15 1-3 * * SUN"]),
    st.sampled_from([BERLIN, NEW_YORK, "UTC", "Australia/Lord_Howe"]),
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)),
    st.timedeltas(timedelta(0), timedelta(days=3)),
)
def test_the_latest_due_time_has_none_after_it(text: str, zone: str, start: datetime, span: timedelta) -> None:
    cron = Cron.read(text, zone)
    due = cron.next_after(start.replace(tzinfo=UTC))
    assert due is not None
    now = due + span
    latest = cron.latest(due, now)
    following = cron.next_after(latest)
    assert due <= latest <= now
    assert following is not None
    assert following > now
    assert latest == due or cron.next_after(latest - MINUTE / 2) == latest
