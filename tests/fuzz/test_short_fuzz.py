"""Bad input for some seconds; `make fuzz` plays it longer."""

from pathlib import Path

from tests.fuzz.campaign import Campaign
from tests.fuzz.target import target

SEED = 1
CASES = 150


async def test_no_bad_input_is_a_failure_or_leaves_anything_behind(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with target(database_url, redis_url, tmp_path / "api.log") as against:
        report = await Campaign(against, SEED).run(cases=CASES)
    assert not report.violations, "\n".join(report.lines)
    assert report.after
