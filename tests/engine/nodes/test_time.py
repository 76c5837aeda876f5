"""Times: read, written, moved and waited for."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.moments import TEN_YEARS_MS
from engine.nodes import BUILT_IN
from tests.engine.nodes.bench import NOW, Bench


async def test_a_short_sleep_takes_its_time_in_place(node: Bench) -> None:
    begun = time.monotonic()
    assert await node.run("time.sleep", durationMs=30, value="x") == {"value": "x"}
    assert time.monotonic() - begun >= 0.029


async def test_a_sleep_without_a_value_resolves_nothing(node: Bench) -> None:
    assert await node.run("time.sleep", durationMs=0) == {}
    assert await node.run("time.sleep", durationMs=0, value=None) == {"value": None}


@pytest.mark.parametrize("duration", [1000, 1000.5, TEN_YEARS_MS])
async def test_a_sleep_of_a_second_or_more_waits_durably(node: Bench, duration: float) -> None:
    waiting = await node.wait("time.sleep", durationMs=duration, value=1)
    assert waiting.until == NOW + timedelta(milliseconds=duration)
    assert waiting.outputs["value"].data == 1


@pytest.mark.parametrize("duration", [-1, TEN_YEARS_MS + 1, float("inf")])
async def test_a_sleep_is_neither_negative_nor_longer_than_ten_years(node: Bench, duration: float) -> None:
    error = await node.fail("time.sleep", durationMs=duration)
    assert error.failure_code == "INPUT"
    assert "'durationMs" in error.message


async def test_a_sleep_in_place_lets_others_work_and_can_be_cancelled(node: Bench) -> None:
    sleeping = asyncio.create_task(node.run("time.sleep", durationMs=999))
    await asyncio.sleep(0)
    sleeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeping


async def test_a_time_that_has_passed_is_not_waited_for(node: Bench) -> None:
    outputs = await node.run("time.sleep_until", until="2030-01-31T12:00:00+00:00", value=1)
    assert outputs == {"value": 1}


async def test_a_time_ahead_is_waited_for_by_its_offset(node: Bench) -> None:
    waiting = await node.wait("time.sleep_until", until="2030-01-31T14:00:00+01:00")
    assert waiting.until == datetime(2030, 1, 31, 13, tzinfo=UTC)
    assert waiting.outputs == {}


async def test_less_than_a_second_ahead_is_waited_for_in_place(node: Bench) -> None:
    begun = time.monotonic()
    assert await node.run("time.sleep_until", until="2030-01-31T12:00:00.280Z") == {}
    assert time.monotonic() - begun >= 0.029


@pytest.mark.parametrize(
    ("until", "said"),
    [("tomorrow", "ISO 8601"), ("2030-02-01T00:00:00", "no offset"), ("2041-01-01T00:00:00Z", "ten years")],
)
async def test_a_time_that_cannot_be_waited_for_is_refused(node: Bench, until: str, said: str) -> None:
    error = await node.fail("time.sleep_until", until=until)
    assert error.failure_code == "INPUT"
    assert "Input 'until'" in error.message
    assert said in error.message


async def test_now_is_the_execution_s_clock(node: Bench) -> None:
    assert await node.run("time.now") == {"iso": "2030-01-31T12:00:00.250Z", "epochMs": 1896091200250}


async def test_now_is_told_on_the_clocks_of_a_zone(node: Bench) -> None:
    outputs = await node.run("time.now", timeZone="Europe/Vienna")
    assert outputs == {"iso": "2030-01-31T13:00:00.250+01:00", "epochMs": 1896091200250}


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "/etc/localtime", "", "a\0b"])
async def test_a_zone_that_does_not_exist_is_refused(node: Bench, zone: str) -> None:
    error = await node.fail("time.now", timeZone=zone)
    assert error.failure_code == "INPUT"
    assert "Input 'timeZone'" in error.message


@pytest.mark.parametrize(
    ("text", "format", "iso"),
    [
        ("2030-01-31T12:00:00Z", None, "2030-01-31T12:00:00.000Z"),
        ("2030-01-31T12:00:00", None, "2030-01-31T12:00:00.000Z"),
        ("2030-01-31T12:00:00.1+02:00", None, "2030-01-31T12:00:00.100+02:00"),
        ("31.01.2030 12:00", "%d.%m.%Y %H:%M", "2030-01-31T12:00:00.000Z"),
        ("31/Jan/2030:12:00:00 +0100", "%d/%b/%Y:%H:%M:%S %z", "2030-01-31T12:00:00.000+01:00"),
    ],
)
async def test_times_are_read_as_they_are_written(node: Bench, text: str, format: str | None, iso: str) -> None:
    assert (await node.run("time.parse", text=text, format=format))["iso"] == iso


async def test_a_moment_is_counted_in_utc(node: Bench) -> None:
    assert (await node.run("time.parse", text="1970-01-01T01:00:00.001+01:00"))["epochMs"] == 1
    assert (await node.run("time.parse", text="1969-12-31T23:59:59.999Z"))["epochMs"] == -1


@pytest.mark.parametrize(("text", "format"), [("soon", None), ("31.01.2030", "%Y"), ("2030", "%Q"), ("x" * 201, None)])
async def test_a_text_that_is_no_time_is_refused(node: Bench, text: str, format: str | None) -> None:
    error = await node.fail("time.parse", text=text, format=format)
    assert error.failure_code == "INPUT"
    assert "'text'" in error.message


async def test_a_time_is_written_on_the_clocks_of_a_zone(node: Bench) -> None:
    outputs = await node.run(
        "time.format", iso="2030-07-01T12:00:00Z", format="%A %d.%m.%Y %H:%M %% é", timeZone="Europe/Vienna"
    )
    assert outputs == {"text": "Monday 01.07.2030 14:00 % é"}


async def test_a_time_is_written_with_its_own_offset_by_default(node: Bench) -> None:
    assert await node.run("time.format", iso="2030-07-01T12:00:00+02:00", format="%H") == {"text": "12"}


@pytest.mark.parametrize("format", ["%100000000d", "%", "%Q", "%-d"])
async def test_a_format_that_no_system_agrees_on_is_refused(node: Bench, format: str) -> None:
    error = await node.fail("time.format", iso="2030-07-01T12:00:00Z", format=format)
    assert error.failure_code == "INPUT"
    assert "Input 'format'" in error.message
    assert "format" in BUILT_IN["time.format"].check({"format": format})


@pytest.mark.parametrize(
    ("iso", "duration", "expected"),
    [
        ("2030-01-31T12:00:00Z", 86_400_000, "2030-02-01T12:00:00.000Z"),
        ("2030-01-31T12:00:00+02:00", -1, "2030-01-31T11:59:59.999+02:00"),
        ("2030-01-31T12:00:00", 0.5, "2030-01-31T12:00:00.000Z"),
    ],
)
async def test_a_time_is_moved_and_keeps_its_offset(node: Bench, iso: str, duration: Any, expected: str) -> None:
    assert await node.run("time.add", iso=iso, durationMs=duration) == {"iso": expected}


async def test_no_time_is_outside_of_the_calendar(node: Bench) -> None:
    error = await node.fail("time.add", iso="9999-12-31T00:00:00Z", durationMs=86_400_000)
    assert "years 1 to 9999" in error.message
    error = await node.fail("time.format", iso="0001-01-01T00:00:00Z", format="%Y", timeZone="America/New_York")
    assert "years 1 to 9999" in error.message
