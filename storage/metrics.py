"""What is measured of the way to Postgres and of those who follow it; each process has its own figures.

All metrics are in the registry of `prometheus_client`: these, and those of `jobs/metrics.py`, `resolvers/metrics.py`
and `resolvers/service_figures.py`.
"""

from prometheus_client import Counter, disable_created_metrics

disable_created_metrics()

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets of what should be over at once."""

NOTIFY_FAILURES = Counter(
    "tidegate_notify_failures", "Notifications that could not be sent at once; they are sent later.", ["topic"]
)
LISTEN_LOSSES = Counter(
    "tidegate_listen_losses",
    "Listening connections that were lost or could not be made; each is replaced, and everybody reads anew.",
)
