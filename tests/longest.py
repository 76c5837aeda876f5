"""Which files begin first, so that at the end no process waits for another that is still at a long one."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parent

LONGEST = (
    "faults/test_short_campaign.py",
    "jobs/test_poison.py",
    "jobs/test_suspects.py",
    "tidegate/test_dev.py",
    "clients/test_clients.py",
    "fuzz/test_short_fuzz.py",
    "schema/test_tools.py",
    "web/test_console.py",
    "web/test_graphiql.py",
    "jobs/test_children.py",
    "storage/test_embedded_crashes.py",
    "storage/test_embedded.py",
    "tidegate/test_run.py",
    "tidegate/test_command_line.py",
    "storage/test_embedded_as_root.py",
    "jobs/test_kill.py",
    "engine/test_large_flows.py",
    "engine/test_random_graphs.py",
)
"""By how long they take, roughly; to see: scripts/test --durations 50."""

_PLACES = {(TESTS / name).resolve(strict=True): place for place, name in enumerate(LONGEST)}


def longest_first(item: pytest.Item) -> int:
    """The place of a test's file in the order; the others keep theirs after these."""
    return _PLACES.get(item.path, len(LONGEST))
