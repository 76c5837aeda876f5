"""tidegate events: prints the events of an execution."""

from argparse import ArgumentParser, Namespace

from tidegate.command import Command
from tidegate.commands.arguments import add_token, add_url


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("execution", metavar="EXECUTION", help="the execution's id")
    parser.add_argument("--follow", action="store_true", help="wait for more until the execution has ended")
    parser.add_argument(
        "--from", type=int, default=-1, dest="from_index", metavar="N", help="the first index (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON")
    add_url(parser)
    add_token(parser)


def _execute(arguments: Namespace) -> int:
    from tidegate.event_log import print_events
    from tidegate.loop import run

    run(
        print_events(
            arguments.url,
            arguments.token,
            arguments.execution,
            arguments.from_index,
            follows=arguments.follow,
            as_json=arguments.json,
        )
    )
    return 0


EVENTS = Command(
    name="events",
    summary="Print the events of an execution.",
    details="One line an event: index, time, type, node, and the rest as JSON.",
    configure=_configure,
    execute=_execute,
)
