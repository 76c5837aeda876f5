"""What a worker measures of its work."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from storage.metrics import SECONDS

LONG = (0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0, 600.0, 3600.0)
"""Buckets of what takes as long as it takes."""

SLOTS = Gauge("tidegate_worker_slots", "Executions that this worker can run at once.")
SLOTS_USED = Gauge("tidegate_worker_slots_used", "Executions that this worker runs now.")
LAST_BEAT = Gauge(
    "tidegate_worker_last_beat_timestamp_seconds", "When this worker's last beat reached the database; Unix time."
)

CLAIM_SECONDS = Histogram("tidegate_claim_seconds", "How long a look for work took.", buckets=SECONDS)
READY_SECONDS = Histogram(
    "tidegate_claim_wait_seconds", "How long executions were ready before this worker claimed them.", buckets=LONG
)

APPEND_SECONDS = Histogram("tidegate_append_batch_seconds", "How long the write of a batch took.", buckets=SECONDS)
APPENDED_EVENTS = Histogram(
    "tidegate_append_batch_events", "Events in a batch.", buckets=(1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000)
)
APPENDED_BYTES = Histogram(
    "tidegate_append_batch_bytes", "About how many bytes a batch has.", buckets=[4.0**power for power in range(4, 13)]
)
APPENDS = Counter(
    "tidegate_appends",
    "Appends by outcome: busy and over_budget are tried again, lost are another worker's, refused cannot be stored.",
    ["outcome"],
)
COMMAND_SECONDS = Histogram(
    "tidegate_command_seconds", "From the acceptance of a command to the commit that applies it.", buckets=SECONDS
)
EXECUTIONS_ENDED = Counter("tidegate_executions_ended", "Executions that ended here, by status.", ["status"])

TIMER_LAG_SECONDS = Histogram(
    "tidegate_timer_lag_seconds", "How late the oldest timer was, whenever some were found due.", buckets=SECONDS
)
RESCUES = Counter(
    "tidegate_sweeper_rescues", "Times that something had waited for long and nobody had seen to it; 0 in health."
)
WORKERS_LOST = Counter("tidegate_workers_lost", "Silent workers that this one has given up for lost.")


@dataclass(slots=True)
class Runs:
    """The attempts of one node type that are in the log, and how long they took in all and by bucket."""

    completed: int = 0
    failed: int = 0
    retried: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=lambda: [0] * (len(LONG) + 1))

    def time(self, milliseconds: float) -> None:
        """Note how long an attempt took."""
        seconds = milliseconds / 1000
        self.seconds += seconds
        self.buckets[bisect_left(LONG, seconds)] += 1


class NodeRuns(Collector):
    """Counts attempts of nodes as they enter the log.

    There is one for each node that is run, so they are plain numbers, written by one event loop and read when asked.
    """

    def __init__(self) -> None:
        self.of: defaultdict[str, Runs] = defaultdict(Runs)

    def collect(self) -> Iterable[Metric]:
        """The figures as Prometheus wants them."""
        attempts = CounterMetricFamily(
            "tidegate_node_attempts",
            "Attempts of nodes that are in the log, by node type and outcome: completed, failed, retried.",
            labels=["node_type", "outcome"],
        )
        for (node_type, runs), outcome in product(self.of.items(), ("completed", "failed", "retried")):
            if count := getattr(runs, outcome):
                attempts.add_metric([node_type, outcome], count)
        times = HistogramMetricFamily(
            "tidegate_node_seconds",
            "How long attempts of nodes took that completed or failed for good, by node type.",
            labels=["node_type"],
        )
        for node_type, runs in self.of.items():
            times.add_metric([node_type], _cumulated(runs.buckets), runs.seconds)
        return [attempts, times]


def _cumulated(buckets: Sequence[int]) -> list[tuple[str, float]]:
    bounds, so_far, cumulated = [*map(str, LONG), "+Inf"], 0, []
    for bound, count in zip(bounds, buckets, strict=True):
        so_far += count
        cumulated.append((bound, float(so_far)))
    return cumulated


NODE_RUNS = NodeRuns()
REGISTRY.register(NODE_RUNS)
