"""Shards: the same in every process and release."""

from collections import Counter

from engine.ids import new_execution_id
from storage.shards import COMMANDS, EVENTS, SHARDS, channel, channels, shard_of


def test_the_shard_of_an_execution_is_the_same_in_every_release() -> None:
    assert shard_of("EX06H0BSKT7H4FG1AP") == 1
    assert shard_of("EX01K9ZB3M5Q7RW2T4") == 0


def test_executions_spread_over_all_shards() -> None:
    counts = Counter(shard_of(new_execution_id()) for _ in range(8_000))
    assert set(counts) == set(range(SHARDS))
    assert max(counts.values()) < 2 * min(counts.values())


def test_channels_are_named_by_topic_and_shard() -> None:
    assert channel(EVENTS, 3) == "tidegate_events_3"
    assert channels(COMMANDS)[0] == "tidegate_commands_0"
    assert len(set(channels(EVENTS) + channels(COMMANDS))) == 2 * SHARDS
