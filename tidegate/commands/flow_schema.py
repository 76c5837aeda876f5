"""tidegate flow-schema: prints the JSON Schema of flow files."""

from argparse import Namespace

from tidegate.command import Command, no_arguments


def _execute(arguments: Namespace) -> int:
    from engine.flow_schema import schema_text
    from engine.nodes import BUILT_IN

    print(schema_text(BUILT_IN), end="")
    return 0


FLOW_SCHEMA = Command(
    name="flow-schema",
    summary="Print the JSON Schema of flow files, with which editors complete and check them.",
    details="A server has it too, at /schemas/flow.json.",
    configure=no_arguments,
    execute=_execute,
)
