"""tidegate validate: says all that is wrong with a flow file."""

from argparse import ArgumentParser, Namespace

from tidegate.command import Command


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("flow", metavar="FLOW.yaml", help="the flow, in YAML or JSON")


def _execute(arguments: Namespace) -> int:
    from tidegate.flow_file import InvalidFlowFile, read_flow_file

    try:
        read_flow_file(arguments.flow)
    except InvalidFlowFile as error:
        print(*error.lines, sep="\n")
        return 1
    print("ok")
    return 0


VALIDATE = Command(
    name="validate",
    summary="Check a flow file.",
    details="Prints every problem as `file:line:column: path: message` and exits with 1, or prints `ok`.\n"
    "Needs no server.",
    configure=_configure,
    execute=_execute,
)
