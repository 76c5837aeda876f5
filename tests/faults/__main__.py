"""The fault campaign: `python -m tests.faults --seconds 600 --seed 7`. Exits with 1 if anything was violated."""

import asyncio
import logging
import re
import sys
import time
from argparse import ArgumentParser, Namespace

from tests.faults.campaign import FAULTS, play_all
from tests.faults.report import table
from tests.faults.scene import Result
from tests.faults.stage import stage


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="begin no fault after that; each is played once")
    parser.add_argument("--seed", type=int, default=1, help="the same seed replays the same plan")
    parser.add_argument("--executions", type=int, default=60, help="how many at least in each scene")
    parser.add_argument("--only", default="", help="only faults whose names this matches")
    # The campaign's own connections end with its servers, which asyncpg would tell of at length.
    logging.getLogger("asyncpg").setLevel(logging.CRITICAL)
    results = asyncio.run(_play(parser.parse_args()))
    print(table(results))
    return int(any(result.violations for result in results))


async def _play(asked: Namespace) -> list[Result]:
    faults = [fault for fault in FAULTS if re.search(asked.only, fault.name)]
    results, began = [], time.monotonic()
    async with stage() as opened:
        async for result in play_all(opened, faults, asked.seed, asked.seconds, asked.executions):
            results.append(result)
            state = "VIOLATED" if result.violations else "held"
            print(f"{time.monotonic() - began:6.1f} s  {result.fault}: {state}", flush=True)
            print("".join(f"    {line}\n" for line in result.violations), end="", flush=True)
    return results


if __name__ == "__main__":
    sys.exit(main())
