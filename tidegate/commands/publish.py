"""tidegate publish: puts flows on a server."""

import sys
from argparse import ArgumentParser, Namespace

from tidegate.command import Command
from tidegate.commands.arguments import add_token, add_url


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "flows", metavar="FLOW.yaml", nargs="+", help="a flow, in YAML or JSON; - is standard input, in either"
    )
    add_url(parser)
    add_token(parser)


def _execute(arguments: Namespace) -> int:
    from tidegate.client import Client
    from tidegate.diagnosis_report import print_diagnosis
    from tidegate.flow_file import InvalidFlowFile, read_flow_file
    from tidegate.loop import run
    from tidegate.node_sources import node_types_of
    from tidegate.operations import published
    from tidegate.settings import Settings

    node_types = node_types_of(Settings.read())
    try:
        flows = [read_flow_file(path, node_types) for path in arguments.flows]
    except InvalidFlowFile as error:
        print_diagnosis(error.diagnosis, sys.stderr)
        return 1

    async def publish() -> None:
        async with Client(arguments.url, arguments.token) as client:
            for flow in flows:
                print(await published(client, flow.data))

    run(publish())
    return 0


PUBLISH = Command(
    name="publish",
    summary="Put flows on a server and print their ids.",
    details="One id a line, for flows that run other flows, for schedules and for webhooks. What the server has\n"
    "already, just so, is not created again.",
    configure=_configure,
    execute=_execute,
)
