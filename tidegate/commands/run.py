"""tidegate run: runs a flow on a server and shows how it goes."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from tidegate.command import Command
from tidegate.commands.arguments import add_token, add_url

if TYPE_CHECKING:
    from engine.registry import Registry
    from tidegate.flow_file import FlowFile
    from tidegate.run_report import Report


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("flow", metavar="FLOW.yaml", help="the flow, in YAML or JSON; - is standard input, in either")
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        type=_named_value,
        dest="inputs",
        metavar="NAME=VALUE",
        help="a value for an input of the flow, read by the input's type; @FILE is the text of a file",
    )
    parser.add_argument("--json", action="store_true", help="print each event as a line of JSON, and nothing else")
    parser.add_argument("--debug", action="store_true", help="record everything, and so show what nodes log")
    add_url(parser)
    add_token(parser)


def _named_value(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise ArgumentTypeError(f"{text!r} is not of the form name=value")
    return name, value


def _execute(arguments: Namespace) -> int:
    from tidegate.diagnosis_report import print_diagnosis
    from tidegate.flow_file import InvalidFlowFile, read_flow_file
    from tidegate.loop import run
    from tidegate.node_sources import node_types_of
    from tidegate.run import run_flow
    from tidegate.run_inputs import read_inputs
    from tidegate.settings import Settings

    node_types = node_types_of(Settings.read())
    try:
        flow = read_flow_file(arguments.flow, node_types)
    except InvalidFlowFile as error:
        print_diagnosis(error.diagnosis, sys.stderr)
        return 1
    inputs = read_inputs(flow.document, arguments.inputs)
    report = _report(arguments, flow, node_types)
    status = run(run_flow(arguments.url, arguments.token, flow, inputs, report, debug=arguments.debug))
    return 0 if status == "COMPLETED" else 1


def _report(arguments: Namespace, flow: "FlowFile", node_types: "Registry") -> "Report":
    if arguments.json:
        from tidegate.run_report import JsonLines

        return JsonLines()
    from engine.plan import compile_plan
    from tidegate.live_report import LiveReport

    # What listens to events is run by children.
    own_nodes = compile_plan(flow.document, node_types).scope(None).nodes
    return LiveReport(flow.document.name, len(own_nodes))


RUN = Command(
    name="run",
    summary="Run a flow on a server and show how it goes.",
    details="Checks the flow, creates it and an execution of it, subscribes, starts, and shows the nodes and then the\n"
    "outputs. Exits with 0 if the execution completes, else with 1. An interrupted run goes on at the server.",
    configure=_configure,
    execute=_execute,
)
