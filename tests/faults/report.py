"""The table at the end of a campaign."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from statistics import median

from tests.faults.scene import Result

HEADER = ("fault", "runs", "fired", "executions", "violations", "repeats", "heal p50", "heal max")


def table(results: Iterable[Result]) -> str:
    """One line for each fault; seconds to heal are counted from the end of the fault to the end of all executions."""
    by_fault = groupby(sorted(results, key=lambda each: each.fault), key=lambda each: each.fault)
    lines = [HEADER, *(_line(fault, list(group)) for fault, group in by_fault)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADER))]
    return "\n".join(_aligned(line, widths) for line in lines)


def _line(fault: str, results: Sequence[Result]) -> tuple[str, ...]:
    seconds = [result.seconds_to_heal for result in results]
    return (
        fault,
        str(len(results)),
        str(sum(result.fired for result in results)),
        str(sum(result.executions for result in results)),
        str(sum(len(result.violations) for result in results)),
        str(sum(result.repeats for result in results)),
        f"{median(seconds):.1f} s",
        f"{max(seconds):.1f} s",
    )


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = (cell for cell in line)
    padded = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
    return "  ".join([name.ljust(widths[0]), *padded])
