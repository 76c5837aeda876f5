"""`python -m bench [NAME …]`: run the named benchmarks, or all of them."""

import argparse
from collections.abc import Awaitable, Callable

from bench import (
    baseline,
    blocking,
    children,
    console,
    engine,
    large,
    latency,
    lists,
    live,
    nodes,
    parked,
    pauses,
    recovery,
    requests,
    subscribers,
    throughput,
    waiting,
)
from bench.stage import Stage, stage
from tidegate import loop

Benchmark = Callable[[Stage, float], Awaitable[None]]

WITHOUT_SERVERS = {"engine": engine.measure, "nodes": nodes.measure}

BENCHMARKS: dict[str, Benchmark] = {
    "throughput": throughput.measure,
    "latency": lambda where, _: latency.measure(where),
    "large": lambda where, _: large.measure(where),
    "waiting": lambda where, _: waiting.measure(where),
    "pauses": lambda where, _: pauses.measure(where),
    "children": lambda where, _: children.measure(where),
    "blocking": lambda where, _: blocking.measure(where),
    "recovery": lambda where, _: recovery.measure(where),
    "live": lambda where, _: live.measure(where),
    "subscribers": lambda where, _: subscribers.measure(where),
    "console": lambda where, _: console.measure(where),
    "requests": lambda where, _: requests.measure(where),
    "lists": lambda where, _: lists.measure(where),
    "parked": lambda where, _: parked.measure(where),
}

ALL = [*WITHOUT_SERVERS, *BENCHMARKS]


async def run(names: list[str]) -> None:
    """Run each benchmark: those that need servers on servers of their own, after the baseline there."""
    for name in names:
        if name in WITHOUT_SERVERS:
            await WITHOUT_SERVERS[name]()
            continue
        async with stage() as where:
            rows_per_second = await baseline.measure(where)
            await BENCHMARKS[name](where, rows_per_second)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *ALL], help="which ones (default: all)")
    loop.run(run(parser.parse_args().names or ALL))


if __name__ == "__main__":
    main()
