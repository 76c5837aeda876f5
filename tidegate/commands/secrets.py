"""tidegate secrets: looks after what is stored of secrets."""

from argparse import ArgumentParser, Namespace

from tidegate.command import Command


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("action", choices=["rotate"], help="seal all secrets with the first key")


def _execute(arguments: Namespace) -> int:
    import asyncio

    from tidegate.rotate import rotate_keys
    from tidegate.settings import Settings

    return asyncio.run(rotate_keys(Settings.read()))


SECRETS = Command(
    name="secrets",
    summary="Seal all secrets with the first key of TIDEGATE_SECRET_KEYS.",
    details="Put a new key before the old ones, restart all processes, and run `tidegate secrets rotate`; then the\n"
    "old keys can be dropped. It may be run at any time, and again. Needs DATABASE_URL (migrated).",
    configure=_configure,
    execute=_execute,
)
