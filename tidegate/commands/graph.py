"""tidegate graph: draws a flow."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tidegate.command import Command

FORMATS = ("mermaid", "svg")


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("flow", metavar="FLOW.yaml", help="the flow, in YAML or JSON; - is standard input, in either")
    parser.add_argument(
        "--format", choices=FORMATS, help="text for Mermaid, or a picture (default: what FILE ends with, else mermaid)"
    )
    parser.add_argument("--output", type=Path, metavar="FILE", help="where to write it (default: standard output)")


def _execute(arguments: Namespace) -> int:
    from tidegate.diagnosis_report import print_diagnosis
    from tidegate.drawing.mermaid import mermaid
    from tidegate.drawing.svg import svg
    from tidegate.flow_file import InvalidFlowFile, read_flow_file
    from tidegate.node_sources import node_types_of
    from tidegate.settings import Settings
    from tidegate.text_file import write_text

    try:
        document = read_flow_file(arguments.flow, node_types_of(Settings.read())).document
    except InvalidFlowFile as error:
        print_diagnosis(error.diagnosis, sys.stderr)
        return 1
    drawing = svg(document) if _format(arguments) == "svg" else mermaid(document)
    write_text(arguments.output, drawing)
    return 0


def _format(arguments: Namespace) -> str:
    ending = arguments.output.suffix if arguments.output else ""
    return str(arguments.format or ("svg" if ending.lower() == ".svg" else "mermaid"))


GRAPH = Command(
    name="graph",
    summary="Draw a flow.",
    details="Edges that only say when something runs are dotted, and disabled nodes are dashed. Needs no server.",
    configure=_configure,
    execute=_execute,
)
