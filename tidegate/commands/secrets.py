"""tidegate secrets: looks after what is stored of secrets."""

from argparse import ArgumentParser, Namespace

from tidegate.command import Command


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=["rotate"], help="seal everything with the first key")


def _execute(arguments: Namespace) -> int:
    import asyncio

    from tidegate.rotate import rotate_keys
    from tidegate.settings import Settings

    return asyncio.run(rotate_keys(Settings.read()))


SECRETS = Command(
    name="secrets",
    summary="Seal all secrets and signing keys with the first key of TIDEGATE_SECRET_KEYS.",
    details="Add a new key behind the others, restart all processes, put it in front, restart them again, and run\n"
    "`tidegate secrets rotate`: then the others can be dropped. It may be run at any time, and again. Needs\n"
    "DATABASE_URL (migrated).",
    configure=_configure,
    execute=_execute,
)
