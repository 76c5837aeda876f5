"""What `tidegate worker` tells its worker."""

import pytest

from tidegate.settings import Settings
from tidegate.worker import worker_settings

URLS = {"DATABASE_URL": "postgresql://tide@localhost/tidegate", "REDIS_URL": "redis://localhost"}


@pytest.mark.parametrize(("lease", "still"), [("1", 60.0), ("10", 60.0), ("100", 600.0)])
def test_a_loop_may_stand_still_for_a_minute_and_for_some_leases(lease: str, still: float) -> None:
    settings = Settings.read({**URLS, "TIDEGATE_LEASE_SECONDS": lease})
    assert worker_settings(settings, "info").still_seconds == still
