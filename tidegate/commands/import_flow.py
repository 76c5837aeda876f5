"""tidegate import: makes a flow file of what another program has exported."""

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from tidegate.command import Command

NEEDS_A_HAND = 3


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument("program", choices=["chaingraph"], help="the program that has exported the flow")
    parser.add_argument("flow", metavar="FLOW.json", help="the export, in JSON")
    parser.add_argument(
        "--output", type=Path, metavar="FLOW.yaml", help="where to write the flow (default: standard output)"
    )


def _execute(arguments: Namespace) -> int:
    from engine.json_text import InvalidJson, parse_json
    from engine.nodes import BUILT_IN
    from tidegate.chaingraph.conversion import convert
    from tidegate.chaingraph.export import NoExport, read_export
    from tidegate.chaingraph.report import lines
    from tidegate.flow_text import flow_text
    from tidegate.printable import printable
    from tidegate.text_file import read_text, write_text

    try:
        export = read_export(parse_json(read_text(arguments.flow)))
    except InvalidJson as error:
        raise NoExport(f"{arguments.flow} is not JSON: {error.message}") from None
    conversion = convert(export, BUILT_IN)
    write_text(arguments.output, flow_text(conversion.document))
    print(*map(printable, lines(conversion, export.lost)), sep="\n", file=sys.stderr)
    return NEEDS_A_HAND if conversion.disabled or conversion.dropped or export.lost else 0


IMPORT = Command(
    name="import",
    summary="Make a flow file of a flow that ChainGraph has exported.",
    details="Nodes without a counterpart are kept, disabled, and edges that cannot be kept are left out; standard\n"
    "error names both. Exits with 0 if there are none, else with 3. Needs no server.",
    configure=_configure,
    execute=_execute,
)
