"""Which NOTIFY channel speaks of an execution."""

from zlib import crc32

SHARDS = 8

EVENTS = "tidegate_events"
"""The topic that tells readers of new events."""

COMMANDS = "tidegate_commands"
"""The topic that tells workers of new commands."""


def shard_of(execution_id: str) -> int:
    """The shard of an execution, 0 to `SHARDS` - 1; the same in every process and release."""
    return crc32(execution_id.encode()) % SHARDS


def channel(topic: str, shard: int) -> str:
    """The name of a topic's channel, such as `tidegate_events_3`."""
    return f"{topic}_{shard}"


def channels(topic: str) -> list[str]:
    """All channels of a topic, by shard."""
    return [channel(topic, shard) for shard in range(SHARDS)]
