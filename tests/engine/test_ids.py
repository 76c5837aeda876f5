"""Ids that sort by creation."""

import time

from engine.ids import execution_id, first_execution_id, new_execution_id


def test_ids_sort_by_creation() -> None:
    ids = [new_execution_id() for _ in range(1_000)]
    assert ids == sorted(set(ids))


def test_the_first_id_of_a_time_lies_between_what_is_made_before_and_after_it() -> None:
    now = time.time_ns() // 1_000_000
    assert first_execution_id(now - 1) < new_execution_id() < first_execution_id(now + 10_000)
    assert first_execution_id(1) == execution_id(1 << 32)
