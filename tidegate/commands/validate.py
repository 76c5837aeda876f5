"""tidegate validate: says all that is wrong with flow files."""

import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

from tidegate.command import Command

if TYPE_CHECKING:
    from engine.registry import Registry
    from tidegate.diagnostics import Diagnosis


def _configure(parser: ArgumentParser) -> None:
    parser.add_argument(
        "flows", nargs="+", metavar="FLOW.yaml", help="a flow, in YAML or JSON; - is standard input, in either"
    )
    parser.add_argument("--json", action="store_true", help="print each problem as a line of JSON, and nothing else")


def _execute(arguments: Namespace) -> int:
    from tidegate.node_sources import node_types_of
    from tidegate.settings import Settings

    is_valid, node_types = True, node_types_of(Settings.read())
    for path in arguments.flows:
        if diagnosis := _checked(path, node_types):
            is_valid = False
            _print(diagnosis, as_json=arguments.json)
    if is_valid and not arguments.json:
        print("ok")
    return 0 if is_valid else 1


def _checked(path: str, node_types: "Registry") -> "Diagnosis | None":
    from tidegate.flow_file import InvalidFlowFile, read_flow_file

    try:
        read_flow_file(path, node_types)
    except InvalidFlowFile as error:
        return error.diagnosis
    return None


def _print(diagnosis: "Diagnosis", *, as_json: bool) -> None:
    from tidegate.diagnosis_report import json_lines, print_diagnosis

    if as_json:
        print(*json_lines(diagnosis), sep="\n")
    else:
        print_diagnosis(diagnosis, sys.stdout)


VALIDATE = Command(
    name="validate",
    summary="Check flow files.",
    details="Prints every problem as `file:line:column: path: message` with the line that it is in, and exits with 1;\n"
    "or prints `ok`. Needs no server.",
    configure=_configure,
    execute=_execute,
)
