"""Bad input for some seconds; `make fuzz` plays it longer."""

from pathlib import Path

from tests.fuzz.campaign import Campaign
from tests.fuzz.target import target

SEED = 1
CASES = 150
PATIENCE = 10.0
"""How many times as long as by hand something may take where other tests run beside it: what hangs is found."""


async def test_no_bad_input_is_a_failure_or_leaves_anything_behind(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    async with target(database_url, redis_url, tmp_path / "api.log") as against:
        report = await Campaign(against, SEED, patience=PATIENCE).run(cases=CASES)
    assert not report.violations, "\n".join(report.lines)
    assert report.after
