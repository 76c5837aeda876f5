"""tidegate worker: runs executions."""

import sys
from argparse import SUPPRESS, ArgumentParser, Namespace

from tidegate.command import Command
from tidegate.commands.arguments import add_log_level


def _configure(parser: ArgumentParser) -> None:
    add_log_level(parser)
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end also when standard input closes, which it does when the process that holds it ends",
    )
    # How a worker starts the process of a suspect; the first line of standard input says which.
    parser.add_argument("--alone", action="store_true", help=SUPPRESS)


def _execute(arguments: Namespace) -> int:
    from tidegate.settings import Settings

    settings = Settings.read()

    from jobs.ticket import Ticket
    from tidegate.arming import arm_if_asked
    from tidegate.logs import log_to_stderr
    from tidegate.loop import run
    from tidegate.stdin_watch import end_when_stdin_closes
    from tidegate.traces import traced
    from tidegate.worker import work, work_alone

    log_level = arguments.log_level or settings.log_level
    log_to_stderr(log_level, settings.log_format)
    arm_if_asked()
    ticket = Ticket.read(sys.stdin.buffer.readline()) if arguments.alone else None
    if ticket or arguments.until_stdin_closes:
        end_when_stdin_closes()
    with traced(settings, "tidegate-worker"):
        run(work_alone(settings, ticket, log_level) if ticket else work(settings, log_level))
    return 0


WORKER = Command(
    name="worker",
    summary="Run executions: one worker of any number.",
    details="Needs DATABASE_URL (migrated) and REDIS_URL. SIGINT or SIGTERM ends it: what it runs is given back, and\n"
    "another worker goes on. TIDEGATE_WORKER_CONCURRENCY, TIDEGATE_LEASE_SECONDS and TIDEGATE_HTTP_ALLOW set it.",
    configure=_configure,
    execute=_execute,
)
