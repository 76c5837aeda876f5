"""Bad input for minutes: `python -m tests.fuzz --seconds 300 --seed 7`. Exits with 1 if anything was violated."""

import asyncio
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path

from storage.embedded import EmbeddedPostgres, EmbeddedValkey
from storage.migrate import migrate
from tests.fuzz.campaign import Campaign, Report
from tests.fuzz.target import target


def main() -> int:
    parser = ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="begin no case after that")
    parser.add_argument("--cases", type=int, default=10**9, help="or after so many")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same cases")
    report = asyncio.run(_play(parser.parse_args()))
    print("\n".join(report.lines))
    return int(bool(report.violations))


async def _play(asked: Namespace) -> Report:
    with tempfile.TemporaryDirectory(prefix="tidegate-fuzz-") as name:
        folder = Path(name)
        # Postgres runs under an account of its own where we are root.
        folder.chmod(0o755)
        async with EmbeddedPostgres(folder, {"fsync": "off"}) as postgres, EmbeddedValkey(folder) as valkey:
            await migrate(postgres.url)
            async with target(postgres.url, valkey.url, folder / "api.log") as against:
                return await Campaign(against, asked.seed).run(cases=asked.cases, seconds=asked.seconds)


if __name__ == "__main__":
    sys.exit(main())
