"""tidegate dev: everything on this machine."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tidegate.command import Command
from tidegate.commands.arguments import add_port


def _configure(parser: ArgumentParser) -> None:
    add_port(parser)
    parser.add_argument(
        "--data-dir",
        type=Path,
        default=Path(".tidegate"),
        metavar="FOLDER",
        help="where everything is kept (default: %(default)s)",
    )
    parser.add_argument("--no-worker", action="store_true", help="start no worker")


def _execute(arguments: Namespace) -> int:
    from tidegate.settings import Settings

    # Read here also for the worker, which would only say again and again what is wrong.
    settings = Settings.read()

    from tidegate.built_pages import CONSOLE_DOCUMENTS
    from tidegate.dev import Dev
    from tidegate.logs import log_to_stderr
    from tidegate.loop import run
    from tidegate.manifest import trusted_documents
    from tidegate.node_sources import node_types_of
    from tidegate.traces import traced

    documents = trusted_documents(settings, CONSOLE_DOCUMENTS)
    log_to_stderr("warning", settings.log_format)
    types, with_worker = node_types_of(settings), not arguments.no_worker
    dev = Dev(arguments.data_dir, arguments.port, documents, types, settings.secret_keys, with_worker=with_worker)
    with traced(settings, "tidegate-api"):
        run(dev.run())
    return 0


DEV = Command(
    name="dev",
    summary="Start Postgres, Valkey, the API, a worker and the example flows on this machine.",
    details="Starts its own servers, whatever DATABASE_URL and REDIS_URL say, and writes their URLs to FOLDER/env, so\n"
    "that further processes can join. Without TIDEGATE_SECRET_KEYS it makes a key for secrets of its own, in FOLDER.\n"
    " SIGINT (Ctrl-C) or SIGTERM ends it all; the data stays for the next start.",
    configure=_configure,
    execute=_execute,
)
