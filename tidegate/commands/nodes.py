"""tidegate nodes: lists the node types, and begins a new one."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tidegate.command import Command


def _configure(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="list the node types that flows can use here, and what is wrong with any")
    listing.add_argument("--json", action="store_true", help="print one JSON object")
    new = actions.add_parser("new", help="write the file of a new node type, and its test")
    new.add_argument("type", metavar="TYPE", help="its name, such as shop.order")
    new.add_argument(
        "--dir", type=Path, default=Path("."), metavar="FOLDER", help="where to write (default: the current folder)"
    )


def _execute(arguments: Namespace) -> int:
    return _new(arguments) if arguments.action == "new" else _list(arguments)


def _new(arguments: Namespace) -> int:
    from tidegate.new_node import write_new_node

    print(write_new_node(arguments.type, arguments.dir))
    return 0


def _list(arguments: Namespace) -> int:
    import logging

    from tidegate.node_list import as_json, as_text
    from tidegate.node_sources import load_node_types
    from tidegate.settings import Settings

    # The list says itself what is broken.
    logging.getLogger("tidegate.node_sources").disabled = True
    catalogue = load_node_types(Settings.read().node_modules)
    print(as_json(catalogue) if arguments.json else as_text(catalogue))
    return 1 if catalogue.broken else 0


NODES = Command(
    name="nodes",
    summary="List the node types, or begin a new one.",
    details="`tidegate nodes new shop.order` writes a node and its test, both of which work as they are.\n"
    "`tidegate nodes list` shows all types, also those of TIDEGATE_NODES and of installed packages, and exits with 1\n"
    "if one of them cannot be loaded. Needs no server.",
    configure=_configure,
    execute=_execute,
)
