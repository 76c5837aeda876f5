"""tidegate migrate: brings the database up to date."""

from argparse import Namespace

from tidegate.command import Command, no_arguments


def _execute(arguments: Namespace) -> int:
    import asyncio

    from storage.migrate import migrate
    from tidegate.settings import Settings

    applied = asyncio.run(migrate(Settings.read().database))
    print("\n".join(f"applied {name}" for name in applied) or "nothing to do")
    return 0


MIGRATE = Command(
    name="migrate",
    summary="Bring the database at DATABASE_URL up to date.",
    details="Any number of processes may do this at once; `serve` and `worker` do it never.",
    configure=no_arguments,
    execute=_execute,
)
