"""What a benchmark says: one JSON object a line."""

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; `target` is what we want of it, `ratio` relates it to the baseline of the same run."""

    name: str
    value: float
    unit: str
    target: str | None = None
    baseline: str | None = None
    ratio: float | None = None
    note: str | None = None

    def print(self) -> None:
        """Print it as a line of JSON."""
        said = {key: value for key, value in asdict(self).items() if value is not None}
        print(json.dumps(said), flush=True)


def percentile(numbers: Sequence[float], share: float) -> float:
    """The value that `share` (0–1) of the numbers do not exceed."""
    return statistics.quantiles(numbers, n=1000, method="inclusive")[max(round(share * 1000) - 1, 0)]


def rounded(number: float) -> float:
    """Three significant digits are all that a noisy machine has to say."""
    return float(f"{number:.3g}")
